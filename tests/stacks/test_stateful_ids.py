"""The logical ids of what holds data stay as they are: another id is another resource, and the data is gone with it.

Source: https://docs.aws.amazon.com/cdk/v2/guide/identifiers.html ("Logical IDs").
"""

import json
from pathlib import Path
from typing import Any

import pytest

from slipway_cli.upgrades.stateful import stateful_ids

LIST = Path(__file__).with_name("stateful_ids.json")
REMEDY = (
    "{environment}: {what}: {names}. Undone, the data stays. If it is wanted, acknowledge it "
    "in config/{environment}.yaml (docs/upgrading.md) and run `.venv/bin/python tools/stateful_ids.py`."
)


@pytest.mark.capability("O13")
def test_stateful_resources_keep_their_logical_ids(environments: dict[str, Any]) -> None:
    listed = json.loads(LIST.read_text())
    assert set(listed) == set(environments)
    for environment, templates in environments.items():
        here = {
            f"{part}/{name}": kind
            for part, template in templates.items()
            for name, kind in stateful_ids(template["Resources"]).items()
        }
        gone = listed[environment].items() - here.items()
        assert not gone, REMEDY.format(environment=environment, what="gone or renamed", names=sorted(gone))
        added = here.items() - listed[environment].items()
        assert not added, REMEDY.format(environment=environment, what="not in the list yet", names=sorted(added))
