"""Attributes of queues.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

import json

import pytest

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
