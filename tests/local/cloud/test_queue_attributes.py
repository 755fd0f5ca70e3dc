"""Attributes of queues.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

import json

import pytest
from botocore.exceptions import ClientError

from local.cloud.conftest import LocalCloud


@pytest.mark.capability("O14")
def test_setting_one_attribute_leaves_the_others(local_cloud: LocalCloud) -> None:
    """A queue's policy, too, without which EventBridge may not send to it."""
    sqs = local_cloud.place.client("sqs")
    url = sqs.create_queue(QueueName="with-a-policy")["QueueUrl"]
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "7"})

    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    assert found["VisibilityTimeout"] == "7"
    assert json.loads(found["Policy"])["Statement"][0]["Action"] == "sqs:SendMessage"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert "Policy" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


@pytest.mark.capability("O14")
def test_a_fifo_name_is_for_fifo_queues_and_they_have_no_other(local_cloud: LocalCloud) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"""
    sqs = local_cloud.place.client("sqs")
    with pytest.raises(ClientError, match="Can only include alphanumeric characters, hyphens, or underscores"):
        sqs.create_queue(QueueName="standard.fifo")
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        sqs.create_queue(QueueName="ordered", Attributes={"FifoQueue": "true"})
    assert sqs.create_queue(QueueName="ordered.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]


@pytest.mark.capability("O14")
def test_a_group_that_was_not_handled_comes_again_in_its_order(local_cloud: LocalCloud) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html"""
    sqs = local_cloud.place.client("sqs")
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = sqs.create_queue(QueueName="again.fifo", Attributes=attributes)["QueueUrl"]
    for body in ("a1", "a2", "a3"):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="a")

    def received(visibility_seconds: int) -> list[str]:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=visibility_seconds)
        return [message["Body"] for message in answer.get("Messages", [])]

    for visibility_seconds in (1, 1, 30):
        assert local_cloud.eventually(lambda seconds=visibility_seconds: received(seconds)) == ["a1", "a2", "a3"]
    assert received(30) == []


@pytest.mark.capability("O14")
def test_a_message_in_flight_is_shown_again_as_soon_as_its_receiver_asks(local_cloud: LocalCloud) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html"""
    sqs = local_cloud.place.client("sqs")
    url = sqs.create_queue(QueueName="shortened", Attributes={"VisibilityTimeout": "600"})["QueueUrl"]
    for body in ("one by one", "in a batch"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
        (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
        assert "Messages" not in sqs.receive_message(QueueUrl=url)
        named = {"ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
        if body == "one by one":
            sqs.change_message_visibility(QueueUrl=url, **named)
        else:
            answer = sqs.change_message_visibility_batch(QueueUrl=url, Entries=[{"Id": "1", **named}])
            assert [entry["Id"] for entry in answer["Successful"]] == ["1"]
        (again,) = sqs.receive_message(QueueUrl=url)["Messages"]
        assert again["Body"] == body
        sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
