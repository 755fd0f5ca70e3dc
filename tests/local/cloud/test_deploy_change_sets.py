"""Change sets and parameters through CloudFormation's own API.

Expectations: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html
and https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.cloudformation import create, status, text, wait
from support.templates import parameter

pytestmark = pytest.mark.capability("O14")


def test_a_change_set_says_what_would_change_and_executes(cloudformation: Any, local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html"""
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "changing-one", "DelaySeconds": 0}}
    first = text(Queue=queue, Gone=parameter("x"))
    made = cloudformation.create_change_set(
        StackName="Changing", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=first
    )
    assert status(cloudformation, "Changing") == "REVIEW_IN_PROGRESS"
    described = cloudformation.describe_change_set(ChangeSetName=made["Id"])
    assert (described["Status"], described["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert {c["ResourceChange"]["Action"] for c in described["Changes"]} == {"Add"}
    cloudformation.execute_change_set(ChangeSetName="first", StackName="Changing")
    wait(cloudformation, "stack_create_complete", "Changing")

    queue["Properties"] |= {"QueueName": "changing-two", "DelaySeconds": 5}  # type: ignore[operator,call-overload]
    second = text(Queue=queue, New=parameter("y"))
    cloudformation.create_change_set(StackName="Changing", ChangeSetName="second", TemplateBody=second)
    described = cloudformation.describe_change_set(ChangeSetName="second", StackName="Changing")
    changes = {c["ResourceChange"]["LogicalResourceId"]: c["ResourceChange"] for c in described["Changes"]}
    assert {key: change["Action"] for key, change in changes.items()} == {
        "Queue": "Modify", "New": "Add", "Gone": "Remove"}  # fmt: skip
    assert changes["Queue"]["Replacement"] == "True"
    recreation = {d["Target"]["Name"]: d["Target"]["RequiresRecreation"] for d in changes["Queue"]["Details"]}
    assert recreation == {"QueueName": "Always", "DelaySeconds": "Never"}
    cloudformation.execute_change_set(ChangeSetName="second", StackName="Changing")
    wait(cloudformation, "stack_update_complete", "Changing")
    names = {s["LogicalResourceId"] for s in cloudformation.list_stack_resources(StackName="Changing")[
        "StackResourceSummaries"]}  # fmt: skip
    assert names == {"Queue", "New"}
    assert cloudformation.get_template(StackName="Changing")["TemplateBody"] == json.loads(second)
    with pytest.raises(local_cloud.place.client("sqs").exceptions.QueueDoesNotExist):
        local_cloud.place.client("sqs").get_queue_url(QueueName="changing-one")


def test_a_change_set_without_changes_fails_and_says_so(cloudformation: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html ("No updates to perform")"""
    template = text(One=parameter("x"))
    create(cloudformation, "Same", template)
    cloudformation.create_change_set(StackName="Same", ChangeSetName="none", TemplateBody=template)
    described = cloudformation.describe_change_set(StackName="Same", ChangeSetName="none")
    assert (described["Status"], described["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert described["StatusReason"].startswith("The submitted information didn't contain changes.")
    with pytest.raises(ClientError, match=r"InvalidChangeSetStatus"):
        cloudformation.execute_change_set(StackName="Same", ChangeSetName="none")
    with pytest.raises(ClientError, match=r"ValidationError.*No updates are to be performed"):
        cloudformation.update_stack(StackName="Same", TemplateBody=template)
    cloudformation.delete_change_set(StackName="Same", ChangeSetName="none")
    with pytest.raises(ClientError, match="ChangeSetNotFound"):
        cloudformation.describe_change_set(StackName="Same", ChangeSetName="none")


def test_parameters_are_checked_defaulted_hidden_and_kept(cloudformation: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html"""
    declared = {
        "Size": {"Type": "String", "AllowedValues": ["small", "large"]},
        "Count": {"Type": "Number", "Default": 3, "MaxValue": 5},
        "Names": {"Type": "CommaDelimitedList", "Default": "a, b"},
        "Secret": {"Type": "String", "NoEcho": True, "MinLength": 3},
    }
    joined = {"Fn::Join": ["/", [{"Ref": "Size"}, {"Ref": "Count"}, {"Fn::Select": [1, {"Ref": "Names"}]}]]}
    template = text({"Joined": {"Value": joined}}, declared, One=parameter(joined))

    def given(**values: str) -> dict[str, Any]:
        pairs = [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
        return {"StackName": "Given", "TemplateBody": template, "Parameters": pairs}

    for wrong, message in (
        (given(Size="small"), r"Parameters: \[Secret\] must have values"),
        (given(Size="tiny", Secret="abc"), "Parameter 'Size' must be one of AllowedValues"),
        (given(Size="small", Secret="ab"), "Parameter 'Secret' is too short"),
        (given(Size="small", Secret="abc", Count="6"), "Parameter 'Count' is too small or too large"),
        (given(Size="small", Secret="abc", Else="x"), r"Parameters: \[Else\] do not exist"),
    ):
        with pytest.raises(ClientError, match=message):
            cloudformation.create_stack(**wrong)
    cloudformation.create_stack(**given(Size="small", Secret="abc"))
    wait(cloudformation, "stack_create_complete", "Given")
    kept = [{"ParameterKey": key, "UsePreviousValue": True} for key in ("Secret", "Names", "Count")]
    large = {"ParameterKey": "Size", "ParameterValue": "large"}
    cloudformation.update_stack(StackName="Given", UsePreviousTemplate=True, Parameters=[*kept, large])
    wait(cloudformation, "stack_update_complete", "Given")
    stack = cloudformation.describe_stacks(StackName="Given")["Stacks"][0]
    assert stack["Outputs"] == [{"OutputKey": "Joined", "OutputValue": "large/3/b"}]
    shown = {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}
    assert shown == {"Size": "large", "Count": "3", "Names": "a, b", "Secret": "****"}
