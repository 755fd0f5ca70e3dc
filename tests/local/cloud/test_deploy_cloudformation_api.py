"""The CloudFormation API through boto3: change sets, statuses, events, rollback, protection, exports.

Expectations: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/ and the pages named at the tests.
"""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from slipway_local import cloud
from support.cloudformation import create, status, text, wait
from support.templates import parameter

pytestmark = pytest.mark.capability("O14")


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

    def refused() -> list[str]:
        return [one for one in cloud.status(local_cloud.state).resources["refused"] if " Refused/" in one]

    assert refused() == ["AWS::Nothing::Such Refused/Odd: CloudFormation knows no such resource type"]
    create(cloudformation, "Refused", text(Fine=parameter("x")))
    assert refused() == []


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
