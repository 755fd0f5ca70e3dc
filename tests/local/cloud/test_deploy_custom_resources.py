"""Custom resources: made, changed and deleted by a function of the template.

Expectations: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html
"""

from typing import Any

import pytest

from slipway_local import cloud
from support.templates import template

pytestmark = pytest.mark.capability("O14")

ANSWERING = """
import json, urllib.request
def handler(event, context):
    wanted = event["ResourceProperties"]
    if wanted.get("Crash") == "true" and event["RequestType"] != "Delete":
        raise RuntimeError("crashed on purpose")
    body = {
        "Status": wanted.get("Answer", "SUCCESS") if event["RequestType"] != "Delete" else "SUCCESS",
        "Reason": "refused on purpose",
        "PhysicalResourceId": wanted.get("Id", "thing"),
        "StackId": event["StackId"], "RequestId": event["RequestId"], "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Echo": wanted["Value"], "Old": event.get("OldResourceProperties", {}).get("Value", "")},
    }
    print("seen", event["RequestType"], event.get("PhysicalResourceId"), wanted["Value"])
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], json.dumps(body).encode(), method="PUT"))
"""


def custom(value: str, **more: str) -> dict[str, Any]:
    properties = {"ServiceToken": {"Fn::GetAtt": ["Handler", "Arn"]}, "Value": value, **more}
    return {"Type": "Custom::Thing", "Properties": properties}


def custom_template(local_cloud: Any, thing: dict[str, Any]) -> dict[str, Any]:
    body = template(Role=local_cloud.role(), Handler=local_cloud.function(ANSWERING), Thing=thing)
    body["Outputs"] = {
        "Ref": {"Value": {"Ref": "Thing"}},
        "Echo": {"Value": {"Fn::GetAtt": ["Thing", "Echo"]}},
        "Old": {"Value": {"Fn::GetAtt": ["Thing", "Old"]}},
    }
    return body


def test_a_custom_resource_is_created_updated_and_deleted_by_its_function(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref.html"""
    status = local_cloud.deploy(Customised=custom_template(local_cloud, custom("one")))
    assert local_cloud.outputs(status, "Customised") == {"Ref": "thing", "Echo": "one", "Old": ""}
    status = local_cloud.deploy(Customised=custom_template(local_cloud, custom("two", Id="other")))
    assert local_cloud.outputs(status, "Customised") == {"Ref": "other", "Echo": "two", "Old": "one"}
    local_cloud.remove("Customised")
    seen = [line.split("seen ")[1] for line in cloud.logs(local_cloud.state, "Customised-Handler") if "seen " in line]
    assert seen == ["Create None one", "Update thing two", "Delete thing one", "Delete other two"]


@pytest.mark.parametrize(
    ("thing", "reason"),
    [(custom("x", Answer="FAILED"), "refused on purpose"), (custom("x", Crash="true"), "crashed on purpose")],
    ids=["answered-failed", "crashed"],
)
def test_a_custom_resource_that_fails_rolls_the_stack_back(local_cloud: Any, thing: Any, reason: str) -> None:
    with pytest.raises(cloud.LocalCloudError, match=reason):
        local_cloud.deploy(CustomFailing=custom_template(local_cloud, thing))
    names = [one["FunctionName"] for one in local_cloud.place.client("lambda").list_functions()["Functions"]]
    assert not [name for name in names if name.startswith("CustomFailing")]


def test_a_custom_resource_that_never_answers_times_out(local_cloud: Any) -> None:
    body = custom_template(local_cloud, custom("x", ServiceTimeout="1"))
    body["Resources"]["Handler"]["Properties"]["Code"]["ZipFile"] = "def handler(event, context): pass"
    with pytest.raises(cloud.LocalCloudError, match="did not answer within 1 seconds"):
        local_cloud.deploy(CustomSilent=body)
