"""Custom resources: made, changed and deleted by a function of the template.

Expectations: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html
"""

import json
from typing import Any

import pytest

from slipway_local import cloud
from support.cloudformation import wait
from support.templates import parameter, template

pytestmark = pytest.mark.capability("O14")

ANSWERING = """
import json, urllib.request
def handler(event, context):
    wanted = event["ResourceProperties"]
    if wanted.get("Crash") == "true" and event["RequestType"] != "Delete":
        raise RuntimeError("crashed on purpose")
    body = {
        "Status": wanted.get("Undone" if event["RequestType"] == "Delete" else "Answer", "SUCCESS"),
        "Reason": "refused on purpose",
        "PhysicalResourceId": wanted.get("Id", "thing") * int(wanted.get("Times", "1")),
        "StackId": event["StackId"], "RequestId": event["RequestId"], "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Echo": wanted["Value"], "Old": event.get("OldResourceProperties", {}).get("Value", "")},
    }
    if event["RequestType"] == "Create":
        body |= json.loads(wanted.get("Instead", "{}"))
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


@pytest.mark.parametrize(
    ("thing", "reason"),
    [
        (custom("x" * 4096), "Response object is too long"),
        (custom("x", Times="205"), "Invalid PhysicalResourceId"),
        (custom("x", Id=""), "Invalid PhysicalResourceId"),
        (custom("x", Instead='{"PhysicalResourceId": 7}'), "Invalid PhysicalResourceId"),
        (custom("x", Instead='{"Status": null}'), "Status None is neither SUCCESS nor FAILED"),
        (custom("x", Instead='{"StackId": "other"}'), "StackId differs from the request's"),
        (custom("x", Instead='{"RequestId": "other"}'), "RequestId differs"),
        (custom("x", Instead='{"LogicalResourceId": "Other"}'), "LogicalResourceId differs"),
    ],
)
def test_an_answer_that_cloudformation_would_not_take_fails_the_resource(
    local_cloud: Any, thing: Any, reason: str
) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref-responses.html"""
    with pytest.raises(cloud.LocalCloudError, match=f"CustomInvalid/Thing.*{reason}"):
        local_cloud.deploy(CustomInvalid=custom_template(local_cloud, thing))


def test_properties_reach_the_function_as_strings(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref-requesttypes.html"""
    more: dict[str, Any] = {"Number": 3, "Share": 0.5, "Yes": True, "Many": [1, False, {"Deep": 2}]}
    body = custom_template(local_cloud, custom("x", **more))
    code = ANSWERING.replace('"Echo": wanted["Value"]', '"Echo": json.dumps(wanted)')
    body["Resources"]["Handler"] = local_cloud.function(code)
    seen = json.loads(local_cloud.outputs(local_cloud.deploy(CustomText=body), "CustomText")["Echo"])
    assert {key: seen[key] for key in more} == {
        "Number": "3",
        "Share": "0.5",
        "Yes": "true",
        "Many": ["1", "false", {"Deep": "2"}],
    }


def test_a_custom_resource_that_never_answers_times_out(local_cloud: Any) -> None:
    body = custom_template(local_cloud, custom("x", ServiceTimeout="1"))
    body["Resources"]["Handler"]["Properties"]["Code"]["ZipFile"] = "def handler(event, context): pass"
    with pytest.raises(cloud.LocalCloudError, match="did not answer within 1 seconds"):
        local_cloud.deploy(CustomSilent=body)


def stuck(local_cloud: Any, **more: Any) -> dict[str, Any]:
    """Return a template whose custom resource answers FAILED to Delete while the parameter /stuck exists."""
    code = ANSWERING.replace('"SUCCESS"),', '"SUCCESS") if event["RequestType"] != "Delete" else stuck(),')
    code += """
def stuck():
    import boto3
    ssm = boto3.client("ssm")
    return "FAILED" if ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": ["/stuck"]}])["Parameters"] else "SUCCESS"
"""  # noqa: E501
    body = custom_template(local_cloud, custom("x"))
    body["Resources"] |= {"Handler": local_cloud.function(code), **more}
    return body


def lasting(local_cloud: Any, stack: str) -> set[str]:
    return set(json.loads((local_cloud.state / "stacks" / f"{stack}.json").read_text())["records"])


@pytest.mark.parametrize("rolled_back", [True, False], ids=["rollback", "deletion"])
def test_what_an_undeletable_resource_depends_on_stays_so_that_a_retry_succeeds(
    local_cloud: Any, rolled_back: bool
) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-failure-options.html"""
    ssm = local_cloud.place.client("ssm")
    ssm.put_parameter(Name="/stuck", Value="yes", Type="String")
    try:
        broken = {"Bad": parameter("{{resolve:ssm:/no/such}}", DependsOn="Thing")} if rolled_back else {}
        with pytest.raises(cloud.LocalCloudError, match=r"--stack-name Stuck --retain-resources Thing$"):
            local_cloud.deploy(Stuck=stuck(local_cloud, **broken))
            local_cloud.remove("Stuck")
        assert lasting(local_cloud, "Stuck") == {"Role", "Handler", "Thing"}  # the role only by way of the function
        with pytest.raises(cloud.LocalCloudError, match="Stuck/Thing could not be deleted"):
            local_cloud.deploy(Beside=template(One=parameter("1")), **({"Stuck": custom_template(
                local_cloud, custom("x"))} if rolled_back else {}))  # fmt: skip
    finally:
        ssm.delete_parameter(Name="/stuck")
    local_cloud.deploy(Stuck=custom_template(local_cloud, custom("y")))
    local_cloud.remove("Stuck")
    assert not (local_cloud.state / "stacks" / "Stuck.json").exists()


def test_an_undeletable_resource_is_given_up_and_the_rest_deleted(local_cloud: Any, cloudformation: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStack.html (RetainResources)"""
    body = custom_template(local_cloud, custom("x", Undone="FAILED"))
    for name in ("StuckOne", "StuckTwo"):
        with pytest.raises(cloud.LocalCloudError, match=f"--stack-name {name} --retain-resources Thing$"):
            local_cloud.deploy(**{name: body})
            local_cloud.deploy(Beside=template(One=parameter(name)))
            local_cloud.remove(name)
        assert "Beside" in cloud.status(local_cloud.state).stacks
        stack_id = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        cloudformation.delete_stack(StackName=name, RetainResources=["Thing"])
        wait(cloudformation, "stack_delete_complete", stack_id)
    assert local_cloud.deploy().state == "running"
