"""A message that cannot be processed waits in the dead-letter queue until somebody sends it back; nothing is lost."""

import json

import pytest

from slipway_cli.target import Target
from support.command import Slipway
from support.waiting import wait_for


def depth(target: Target, queue: str) -> int:
    url = target.parameter(f"ingestion/{queue}-url")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    return sum(
        map(int, target.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values())
    )


@pytest.mark.capability("O14")
def test_a_poison_message_reaches_the_dead_letter_queue_and_is_sent_back_by_redrive(
    slipway: Slipway, target: Target
) -> None:
    sqs, url = target.client("sqs"), target.parameter("ingestion/queue-url")
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
    # One attempt instead of ten, which take half an hour.
    policy = json.loads(before["RedrivePolicy"]) | {"maxReceiveCount": 1}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(policy)})
    try:
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"this is": "no S3 event"}))
        assert wait_for(lambda: depth(target, "dead-letter-queue") == 1, seconds=60)
        assert slipway.json("redrive") == {"moved": 1}
        assert wait_for(lambda: depth(target, "dead-letter-queue") == 1, seconds=60)
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=before)
        sqs.purge_queue(QueueUrl=target.parameter("ingestion/dead-letter-queue-url"))
    assert slipway.json("redrive") == {"moved": 0}
