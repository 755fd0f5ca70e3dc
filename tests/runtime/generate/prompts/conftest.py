"""The prompts table in this process, and what stands in it."""

from collections.abc import Iterator

import pytest

from slipway_runtime.generate.prompts.experiments import Experiments
from slipway_runtime.generate.prompts.labels import Labels
from slipway_runtime.generate.prompts.versions import Versions
from slipway_runtime.operate.rows import Table
from support.tables import table_of

TABLE = "prompts"


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    with table_of(monkeypatch, TABLE) as made:
        yield made


@pytest.fixture
def versions(table: Table) -> Versions:
    return Versions(table=table, tenant="acme")


@pytest.fixture
def labels(versions: Versions) -> Labels:
    return Labels(versions=versions)


@pytest.fixture
def experiments(labels: Labels) -> Experiments:
    return Experiments(labels=labels)
