"""FIFO topics: order and deduplication.

Expectations: https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html
"""

import json
from typing import Any

import pytest

from support.heard import arn

pytestmark = pytest.mark.capability("O14")


def test_a_fifo_topic_identifies_messages_by_their_content(local_cloud: Any) -> None:
    """Source: https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html"""
    fifo = {"FifoTopic": True, "TopicName": "ordered.fifo", "ContentBasedDeduplication": True}
    body = {
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": fifo},
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True, "QueueName": "ordered.fifo"}},
            "Subscription": {"Type": "AWS::SNS::Subscription", "Properties": {
                "TopicArn": {"Ref": "Topic"}, "Protocol": "sqs", "Endpoint": arn("Queue")}},
        },
        "Outputs": {"Topic": {"Value": {"Ref": "Topic"}}, "Queue": {"Value": {"Ref": "Queue"}}},
    }  # fmt: skip
    made = local_cloud.outputs(local_cloud.deploy(Ordered=body), "Ordered")
    sns, sqs = local_cloud.place.client("sns"), local_cloud.place.client("sqs")
    for text in ("one", "one", "two"):
        sns.publish(TopicArn=made["Topic"], Message=text, MessageGroupId="g")
    sns.publish(TopicArn=made["Topic"], Message="two", MessageGroupId="g", MessageDeduplicationId="again")
    got: list[str] = []

    def received() -> bool:
        found = sqs.receive_message(QueueUrl=made["Queue"], MaxNumberOfMessages=10).get("Messages", [])
        got.extend(json.loads(one["Body"])["Message"] for one in found)
        for one in found:
            sqs.delete_message(QueueUrl=made["Queue"], ReceiptHandle=one["ReceiptHandle"])
        return len(got) >= 3

    local_cloud.eventually(received, what="three messages")
    assert got == ["one", "two", "two"]
