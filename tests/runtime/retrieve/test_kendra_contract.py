"""The contract of stores on Kendra, as the local cloud serves it over HTTP, with guards in DynamoDB."""

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from slipway_runtime.retrieve.stores.kendra import rows
from slipway_runtime.retrieve.stores.kendra.attribute_filter import attribute_filter
from slipway_runtime.retrieve.stores.kendra.store import KendraStore
from support.clearing_up import ClearingUp
from support.kendra import ServedKendra, served_kendra
from support.store_contract import StoreContract
from support.store_values import DIMENSIONS, soon

FILTERED_BY = ("draft", "language", "tags", "year")


@pytest.fixture(scope="module")
def served() -> Iterator[ServedKendra]:
    with served_kendra() as made:
        yield made


@pytest.mark.capability("R3")
class TestKendra(ClearingUp, StoreContract):
    clearing: ClassVar[tuple[type, str]] = (KendraStore, "_remove_others")
    anything: ClassVar[dict[str, Any]] = {"text": "", "mode": "keyword"}

    def kept(self, store: KendraStore) -> list[str]:
        return [rows.row(each).chunk.content for each in store.index.find("", attribute_filter("acme"), soon())]

    @pytest.fixture
    def store(self, served: ServedKendra) -> Iterator[KendraStore]:
        with served.index() as index_id:
            made = served.store(index_id, *FILTERED_BY)
            made.migrate(DIMENSIONS, soon())
            yield made


@pytest.mark.capability("R3")
class TestKendraWithoutFields(TestKendra):
    """The same where no attribute has a field of its own: filters are then decided by who reads."""

    @pytest.fixture
    def store(self, served: ServedKendra) -> Iterator[KendraStore]:
        with served.index() as index_id:
            made = served.store(index_id)
            made.migrate(DIMENSIONS, soon())
            yield made
