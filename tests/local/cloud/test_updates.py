"""An update leaves a resource as its creation would have made it, and a rollback leaves it as it was.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

import json
import re
from typing import Any

import pytest

from slipway_local import cloud
from support.templates import parameter, template
from support.updates import LIVE, TOGETHER, Live

pytestmark = pytest.mark.capability("O14")
CASES = [(kind, name) for kind, live in LIVE.items() for name in live.changes]
FAILING = parameter("{{resolve:ssm:/nothing-here}}", DependsOn="One")


def _body(kind: str, properties: dict[str, Any], live: Live, **more: Any) -> dict[str, Any]:
    one = {"Type": kind, "Properties": properties}
    body = template(**live.beside, One=one, Other=parameter("1"), **more)
    body["Outputs"] = {"One": {"Value": {"Ref": "One"}}}
    return body


def _reading(local_cloud: Any, live: Live, stack: str, body: dict[str, Any] | None = None) -> Any:
    """Deploy, if there is something to deploy, and read the resource, without the names in which stacks differ."""
    status = local_cloud.deploy(**{stack: body}) if body else cloud.status(local_cloud.state)
    physical_id = local_cloud.outputs(status, stack)["One"]
    found = json.dumps(live.read(local_cloud.place, physical_id), default=str, sort_keys=True)
    return _without_names(found.replace(physical_id, "ID"), stack)


def _without_names(text: str, stack: str) -> str:
    return re.sub(rf"{stack}-(\w+)-\w{{12}}", r"\1", text, flags=re.IGNORECASE)


@pytest.mark.parametrize(("kind", "name"), CASES, ids=lambda value: value.removeprefix("AWS::"))
def test_an_update_makes_what_a_creation_makes_and_both_can_be_undone(local_cloud: Any, kind: str, name: str) -> None:
    live = LIVE[kind]
    without = {**live.base}
    value = {**live.base, name: live.changes[name], **TOGETHER.get((kind, name), {})}
    try:
        created = _reading(local_cloud, live, "Fresh", _body(kind, value, live))
        if kind == "AWS::DynamoDB::Table":  # a protected table is deleted only after an update
            local_cloud.deploy(Fresh=_body(kind, without, live))
        local_cloud.remove("Fresh")
        before = _reading(local_cloud, live, "Kept", _body(kind, without, live))
        assert before != created, f"{name} makes no difference: this reading, or the emulation, does not know it"
        with pytest.raises(cloud.LocalCloudError, match="nothing-here"):
            local_cloud.deploy(Kept=_body(kind, value, live, Failing=FAILING))
        assert _reading(local_cloud, live, "Kept") == before
        assert _reading(local_cloud, live, "Kept", _body(kind, value, live)) == created
        with pytest.raises(cloud.LocalCloudError, match="nothing-here"):
            local_cloud.deploy(Kept=_body(kind, without, live, Failing=FAILING))
        assert _reading(local_cloud, live, "Kept") == created
        assert _reading(local_cloud, live, "Kept", _body(kind, without, live)) == before
    finally:
        local_cloud.remove("Fresh", "Kept")
