"""The CloudFormation API through boto3: change sets, statuses, events, rollback, protection, exports.

Expectations: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/ and the pages named at the tests.
"""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, WaiterError

from slipway_local import cloud

pytestmark = pytest.mark.capability("O14")


def parameter(value: Any, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}, **more}


def text(outputs: dict[str, Any] | None = None, /, parameters: dict[str, Any] | None = None, **resources: Any) -> str:
    return json.dumps({"Resources": resources, "Outputs": outputs or {}, "Parameters": parameters or {}})


@pytest.fixture
def cloudformation(local_cloud: Any) -> Iterator[Any]:
    """A client that validates what it sends, and the end of every stack that the test made."""
    session: Any = boto3.Session("x", "x", region_name="us-east-1")
    client = session.client("cloudformation", endpoint_url=local_cloud.place.endpoint_url)
    before = {stack["StackId"] for stack in client.describe_stacks()["Stacks"]}
    yield client
    for stack in client.describe_stacks()["Stacks"]:
        if stack["StackId"] not in before:
            client.update_termination_protection(EnableTerminationProtection=False, StackName=stack["StackName"])
            client.delete_stack(StackName=stack["StackName"])
            wait(client, "stack_delete_complete", stack["StackId"])


def wait(client: Any, what: str, name: str) -> None:
    client.get_waiter(what).wait(StackName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 400})


def create(client: Any, name: str, template: str, **more: Any) -> dict[str, Any]:
    client.create_stack(StackName=name, TemplateBody=template, **more)
    wait(client, "stack_create_complete", name)
    return dict(client.describe_stacks(StackName=name)["Stacks"][0])


def status(client: Any, name: str) -> str:
    return str(client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])


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


def test_a_failed_creation_rolls_back_and_the_events_say_why(cloudformation: Any, local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events-by-operation.html"""
    bad = parameter("{{resolve:ssm:/not/there}}", DependsOn="Queue")
    template = text(Queue={"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "rolled-back"}}, Bad=bad)
    stack_id = cloudformation.create_stack(StackName="Rolled", TemplateBody=template)["StackId"]
    with pytest.raises(WaiterError):
        wait(cloudformation, "stack_create_complete", "Rolled")
    local_cloud.eventually(lambda: status(cloudformation, "Rolled") == "ROLLBACK_COMPLETE")
    events = cloudformation.describe_stack_events(StackName=stack_id)["StackEvents"][::-1]
    seen = [(event["LogicalResourceId"], event["ResourceStatus"]) for event in events]
    assert seen == [
        ("Rolled", "CREATE_IN_PROGRESS"),
        ("Queue", "CREATE_IN_PROGRESS"), ("Queue", "CREATE_COMPLETE"),
        ("Bad", "CREATE_IN_PROGRESS"), ("Bad", "CREATE_FAILED"),
        ("Rolled", "ROLLBACK_IN_PROGRESS"),
        ("Queue", "DELETE_IN_PROGRESS"), ("Queue", "DELETE_COMPLETE"),
        ("Rolled", "ROLLBACK_COMPLETE"),
    ]  # fmt: skip
    assert "ParameterNotFound" in events[4]["ResourceStatusReason"]
    with pytest.raises(local_cloud.place.client("sqs").exceptions.QueueDoesNotExist):
        local_cloud.place.client("sqs").get_queue_url(QueueName="rolled-back")
    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        cloudformation.update_stack(StackName="Rolled", TemplateBody=text(One=parameter("x")))
    cloudformation.delete_stack(StackName="Rolled")
    wait(cloudformation, "stack_delete_complete", stack_id)
    assert status(cloudformation, stack_id) == "DELETE_COMPLETE"
    with pytest.raises(ClientError, match="Stack with id Rolled does not exist"):
        status(cloudformation, "Rolled")


def test_a_failed_update_left_as_it_is_can_be_rolled_back_later(cloudformation: Any, local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html"""
    name = {"Value": {"Ref": "One"}}
    stack = create(cloudformation, "Left", text({"Name": name}, One=parameter("old")))
    bad = parameter("{{resolve:ssm:/not/there}}", DependsOn="One")
    cloudformation.update_stack(
        StackName="Left", TemplateBody=text({"Name": name}, One=parameter("new"), Bad=bad), DisableRollback=True
    )
    local_cloud.eventually(lambda: status(cloudformation, "Left") == "UPDATE_FAILED")
    path = stack["Outputs"][0]["OutputValue"]
    ssm = local_cloud.place.client("ssm")
    assert ssm.get_parameter(Name=path)["Parameter"]["Value"] == "new"
    cloudformation.rollback_stack(StackName="Left")
    local_cloud.eventually(lambda: status(cloudformation, "Left") == "UPDATE_ROLLBACK_COMPLETE")
    assert ssm.get_parameter(Name=path)["Parameter"]["Value"] == "old"


def test_a_deletion_that_fails_keeps_what_is_left_and_can_be_repeated(cloudformation: Any, local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html ("Delete stack fails")"""
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "not-empty-yet"}}
    create(cloudformation, "Full", text(Bucket=bucket, One=parameter({"Ref": "Bucket"})))
    s3 = local_cloud.place.client("s3")
    s3.put_object(Bucket="not-empty-yet", Key="a", Body=b"1")
    cloudformation.delete_stack(StackName="Full")
    local_cloud.eventually(lambda: status(cloudformation, "Full") == "DELETE_FAILED")
    stack = cloudformation.describe_stacks(StackName="Full")["Stacks"][0]
    assert "[Bucket]" in stack["StackStatusReason"]
    left = cloudformation.describe_stack_resources(StackName="Full")["StackResources"]
    assert [(one["LogicalResourceId"], one["ResourceStatus"]) for one in left] == [("Bucket", "DELETE_FAILED")]
    s3.delete_object(Bucket="not-empty-yet", Key="a")
    cloudformation.delete_stack(StackName="Full")
    wait(cloudformation, "stack_delete_complete", stack["StackId"])
    assert "not-empty-yet" not in {one["Name"] for one in s3.list_buckets()["Buckets"]}


def test_deletion_and_replacement_policies(cloudformation: Any, local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html"""
    sqs = local_cloud.place.client("sqs")

    def queue(name: str, **policies: str) -> dict[str, Any]:
        return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}, **policies}

    kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    stack = create(cloudformation, "Policies", text(A=queue("kept-one", **kept)))
    cloudformation.update_stack(StackName="Policies", TemplateBody=text(A=queue("kept-two", **kept)))
    wait(cloudformation, "stack_update_complete", "Policies")
    cloudformation.delete_stack(StackName="Policies")
    wait(cloudformation, "stack_delete_complete", stack["StackId"])
    for name in ("kept-one", "kept-two"):
        sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"])


def test_termination_protection_forbids_deletion(cloudformation: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-protect-stacks.html"""
    create(cloudformation, "Protected", text(One=parameter("x")), EnableTerminationProtection=True)
    with pytest.raises(ClientError, match="cannot be deleted while TerminationProtection is enabled"):
        cloudformation.delete_stack(StackName="Protected")
    assert cloudformation.describe_stacks(StackName="Protected")["Stacks"][0]["EnableTerminationProtection"] is True


def test_an_export_can_be_imported_and_not_deleted_meanwhile(cloudformation: Any, local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html"""
    output = {"Out": {"Value": {"Ref": "One"}, "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-out"}}}}
    stack = create(cloudformation, "Exporting", text(output, One=parameter("x")))
    value = stack["Outputs"][0]["OutputValue"]
    export = {"ExportingStackId": stack["StackId"], "Name": "Exporting-out", "Value": value}
    assert export in cloudformation.list_exports()["Exports"]
    importing = create(cloudformation, "Importing", text(Two=parameter({"Fn::ImportValue": "Exporting-out"})))
    assert cloudformation.list_imports(ExportName="Exporting-out")["Imports"] == ["Importing"]
    with pytest.raises(ClientError, match="Exporting-out cannot be changed or deleted as it is in use by Importing"):
        cloudformation.delete_stack(StackName="Exporting")
    cloudformation.delete_stack(StackName="Importing")
    wait(cloudformation, "stack_delete_complete", importing["StackId"])


def test_a_template_from_s3_in_yaml_with_short_tags(cloudformation: Any, local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html"""
    body = """
AWSTemplateFormatVersion: 2010-09-09
Mappings: {Regions: {us-east-1: {word: here}}}
Conditions: {Always: !Equals [a, a]}
Resources:
  One:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
      Value: !Join
        - "-"
        - [!If [Always, "yes", "no"], !FindInMap [Regions, !Ref "AWS::Region", word], !Sub "${Two.Type}"]
  Two: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: x}}
Outputs: {Value: {Value: !GetAtt One.Value}}
"""
    s3 = local_cloud.place.client("s3")
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="deep/one.yaml", Body=body.encode())
    url = f"{local_cloud.place.endpoint_url}/templates/deep/one.yaml"
    summary = cloudformation.get_template_summary(TemplateURL=url)
    assert summary["ResourceTypes"] == ["AWS::SSM::Parameter"]
    cloudformation.create_stack(StackName="Yaml", TemplateURL=url)
    wait(cloudformation, "stack_create_complete", "Yaml")
    stack = cloudformation.describe_stacks(StackName="Yaml")["Stacks"][0]
    assert stack["Outputs"][0]["OutputValue"] == "yes-here-String"
    assert cloudformation.get_template(StackName="Yaml")["TemplateBody"] == body


def test_what_is_refused_is_listed_with_its_reason_until_it_is_mended(cloudformation: Any, local_cloud: Any) -> None:
    template = text(Fine=parameter("x"), Odd={"Type": "AWS::Nothing::Such"}, Bad=parameter("x", DependsOn="Odd"))
    with pytest.raises(ClientError, match=r"Refused/Odd \(AWS::Nothing::Such\): CloudFormation knows no such"):
        cloudformation.create_stack(StackName="Refused", TemplateBody=template)
    refused = cloud.status(local_cloud.state).resources["refused"]
    assert refused == ["AWS::Nothing::Such Refused/Odd: CloudFormation knows no such resource type"]
    create(cloudformation, "Refused", text(Fine=parameter("x")))
    assert cloud.status(local_cloud.state).resources["refused"] == []


def test_an_operation_that_is_not_served_is_refused_by_name(cloudformation: Any) -> None:
    with pytest.raises(
        ClientError, match=r"NotImplemented.*CreateStackSet is not emulated; served are: .*create_stack"
    ):
        cloudformation.create_stack_set(StackSetName="x")


def test_the_example_of_a_live_type_in_the_documentation(cloudformation: Any, local_cloud: Any) -> None:
    """docs/local-cloud.md, "Adding a resource type"."""
    outputs = {"Ref": {"Value": {"Ref": "It"}}, "Uri": {"Value": {"Fn::GetAtt": ["It", "RepositoryUri"]}}}
    statement = {"Sid": "Pull", "Effect": "Allow", "Principal": "*", "Action": ["ecr:BatchGetImage"]}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    body = {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryPolicyText": document}}
    stack = create(cloudformation, "Images", text(outputs, It=body))
    found = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    repositories = local_cloud.place.client("ecr").describe_repositories()["repositories"]
    assert {one["repositoryUri"] for one in repositories if one["repositoryName"] == found["Ref"]} == {found["Uri"]}
    policy = local_cloud.place.client("ecr").get_repository_policy(repositoryName=found["Ref"])["policyText"]
    assert json.loads(policy) == document
    assert "AWS::ECR::Repository Images/It" in cloud.status(local_cloud.state).resources["live"]
