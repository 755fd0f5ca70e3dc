"""What this change of the repository would do to what is deployed: nothing that holds data may be lost.

The logical ids of what holds data stay as they are: another id is another resource, and the data is gone with it.

Source: https://docs.aws.amazon.com/cdk/v2/guide/identifiers.html ("Logical IDs").
"""

import json
from pathlib import Path
from typing import Any

import pytest

from slipway_cli.revisions import synthesised
from slipway_cli.templates import StackTemplate, read_templates
from slipway_cli.upgrades.baseline import Baseline, NoBaselineError, baseline
from slipway_cli.upgrades.changes import changes
from slipway_cli.upgrades.report import as_text
from slipway_cli.upgrades.stateful import stateful_ids
from slipway_cli.upgrades.verdict import judge, read_acknowledged
from slipway_local.aws import DEFAULT_REGION

ROOT = Path(__file__).parents[2]
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


@pytest.fixture(scope="module")
def deployed() -> tuple[Baseline, list[StackTemplate]]:
    """The commit that this checkout is compared with, and its templates; they are synthesised once and kept."""
    try:
        base = baseline(ROOT)
        with synthesised(ROOT, base.commit) as source:
            return base, read_templates(source.assembly)
    except NoBaselineError as error:
        pytest.skip(f"not compared with an earlier commit, only with stateful_ids.json: {error}")


def here(environments: dict[str, Any]) -> list[StackTemplate]:
    return [
        StackTemplate(name=f"slipway-{name}-{part}", region=DEFAULT_REGION, resources=template["Resources"])
        for name, templates in environments.items()
        for part, template in templates.items()
    ]


@pytest.mark.capability("O13")
def test_this_change_loses_nothing_that_holds_data(
    environments: dict[str, Any], deployed: tuple[Baseline, list[StackTemplate]]
) -> None:
    base, before = deployed
    found = changes(before, here(environments))
    verdict = judge(found, read_acknowledged(ROOT / "config", set(environments)))
    report = "\n".join(as_text(found, verdict))
    assert not verdict.failing, f"since {base.what}, {base.commit}; docs/upgrading.md has the remedy:\n{report}"


@pytest.mark.capability("O13")
def test_a_loss_planted_into_this_change_is_seen(
    environments: dict[str, Any], deployed: tuple[Baseline, list[StackTemplate]]
) -> None:
    after = here(environments)
    foundation = next(stack for stack in after if stack.name == "slipway-prod-foundation")
    name = next(name for name in stateful_ids(foundation.resources) if name.startswith("Documents"))
    foundation.resources[f"{name}Renamed"] = foundation.resources.pop(name)
    try:
        verdict = judge(changes(deployed[1], after), {})
        assert name in {change.resource for change in verdict.failing}
    finally:
        foundation.resources[name] = foundation.resources.pop(f"{name}Renamed")
