"""What SQS takes as a message, and what it says of one.

Expectations: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html and
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
"""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.capability("O14")


@pytest.mark.parametrize(("body", "code"), [("", "MissingParameter"), ("a\x01", "InvalidMessageContents")])
def test_a_body_that_sqs_does_not_take_is_refused(local_cloud: Any, body: str, code: str) -> None:
    sqs = local_cloud.place.client("sqs")
    url = sqs.create_queue(QueueName="texts")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="\t\n\r é \ufffd \U0001f600")
    with pytest.raises(ClientError) as refused:
        sqs.send_message(QueueUrl=url, MessageBody=body)
    assert refused.value.response["Error"]["Code"].endswith(code)


def test_the_numbers_of_a_fifo_queue_grow(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html"""
    sqs = local_cloud.place.client("sqs")
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = sqs.create_queue(QueueName="numbered.fifo", Attributes=attributes)["QueueUrl"]
    sent = [sqs.send_message(QueueUrl=url, MessageBody=str(n), MessageGroupId="g")["SequenceNumber"] for n in range(12)]
    assert {len(number) for number in sent} == {20}
    assert sent == sorted(set(sent))
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=3, AttributeNames=["All"])["Messages"]
    assert [message["Attributes"]["SequenceNumber"] for message in received] == sent[:3]


def test_a_dead_letter_says_which_queue_it_came_from(local_cloud: Any) -> None:
    sqs = local_cloud.place.client("sqs")
    dead = sqs.create_queue(QueueName="dead-letters-of-one")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    one = sqs.create_queue(QueueName="one", Attributes={"VisibilityTimeout": "0", "RedrivePolicy": redrive})["QueueUrl"]
    sqs.send_message(QueueUrl=one, MessageBody="x")
    [message] = sqs.receive_message(QueueUrl=one, MessageSystemAttributeNames=["All"])["Messages"]
    assert "DeadLetterQueueSourceArn" not in message["Attributes"]
    assert "Messages" not in sqs.receive_message(QueueUrl=one)
    for names in (["All"], ["DeadLetterQueueSourceArn"]):
        found = sqs.receive_message(QueueUrl=dead, VisibilityTimeout=0, MessageSystemAttributeNames=names)
        assert found["Messages"][0]["Attributes"]["DeadLetterQueueSourceArn"] == arn.replace(
            "dead-letters-of-one", "one"
        )


def test_a_dead_letter_queue_is_of_the_kind_of_its_source(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"""
    sqs = local_cloud.place.client("sqs")
    dead = sqs.create_queue(QueueName="dead.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    with pytest.raises(ClientError, match="must be same type of queue as the source"):
        sqs.create_queue(QueueName="standard-of-fifo", Attributes={"RedrivePolicy": redrive})
