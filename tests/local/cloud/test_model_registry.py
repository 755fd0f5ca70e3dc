"""The model registry: versions, approval, and the event that tells of it.

Expectations: https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-approve.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.capability("O9")


@pytest.fixture(scope="module")
def sagemaker(local_cloud: Any) -> Any:
    """A client that checks what it sends."""
    session: Any = boto3.Session("x", "x", region_name="us-east-1")
    return session.client("sagemaker", endpoint_url=local_cloud.place.endpoint_url)


def test_a_version_is_approved_and_the_bus_tells_of_it(local_cloud: Any, sagemaker: Any) -> None:
    sqs, rules = local_cloud.place.client("sqs"), local_cloud.place.client("events")
    url = sqs.create_queue(QueueName="approvals")["QueueUrl"]
    rules.put_rule(Name="approvals", EventPattern=json.dumps({"source": ["aws.sagemaker"]}))
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    rules.put_targets(Rule="approvals", Targets=[{"Id": "queue", "Arn": arn}])
    sagemaker.create_model_package_group(ModelPackageGroupName="reviewers")
    made = sagemaker.create_model_package(
        ModelPackageGroupName="reviewers", ModelApprovalStatus="PendingManualApproval", ClientToken="run-1",
        CustomerMetadataProperties={"data": "abc"}, SourceUri="s3://models/run-1",
    )["ModelPackageArn"]  # fmt: skip
    again = sagemaker.create_model_package(ModelPackageGroupName="reviewers", ClientToken="run-1")

    sagemaker.update_model_package(ModelPackageArn=made, ModelApprovalStatus="Approved", ApprovalDescription="better")
    sagemaker.update_model_package(ModelPackageArn=made, CustomerMetadataProperties={"archived": "yes"})

    assert again["ModelPackageArn"] == made
    shown = sagemaker.describe_model_package(ModelPackageName=made)
    assert (shown["ModelApprovalStatus"], shown["ApprovalDescription"]) == ("Approved", "better")
    assert shown["CustomerMetadataProperties"] == {"data": "abc", "archived": "yes"}
    assert shown["SourceUri"] == "s3://models/run-1"
    found: list[str] = []

    def heard() -> bool:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ()):
            event = json.loads(message["Body"])
            assert event["detail-type"] == "SageMaker Model Package State Change"
            found.append(event["detail"]["ModelApprovalStatus"])
        return len(found) >= 3

    local_cloud.eventually(heard, what="three events")
    assert sorted(found) == ["Approved", "Approved", "PendingManualApproval"]


def test_a_group_is_made_once(sagemaker: Any) -> None:
    sagemaker.create_model_package_group(ModelPackageGroupName="once")
    with pytest.raises(ClientError, match="already exists"):
        sagemaker.create_model_package_group(ModelPackageGroupName="once")
