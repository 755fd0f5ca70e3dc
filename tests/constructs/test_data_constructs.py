"""Bucket, queue, key and store, each alone in a stack."""

import json
from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms

from slipway_constructs.aurora_vector_store import AuroraCapacity, AuroraVectorStore
from slipway_constructs.dead_lettered_queue import DeadLetteredQueue
from slipway_constructs.empty_bucket import EmptyBucketOnDelete
from slipway_constructs.encryption_key import EncryptionKey
from slipway_constructs.isolated_subnets import IsolatedSubnets
from slipway_constructs.python_function import FunctionDefaults
from slipway_constructs.secure_bucket import AccessLogsBucket, SecureBucket

Resources = Callable[[str], list[dict[str, Any]]]
DESTROY = cdk.RemovalPolicy.DESTROY


def capacity(**changes: Any) -> AuroraCapacity:
    values: dict[str, Any] = {"engine_version": "17.7", "min_acu": 0, "max_acu": 2, "readers": 0}
    durations = {"auto_pause": cdk.Duration.minutes(10), "backup": cdk.Duration.days(1)}
    return AuroraCapacity(**{**values, **durations, **changes})


def test_a_bucket_takes_the_key_it_is_given(stack: cdk.Stack, resources: Resources) -> None:
    logs = AccessLogsBucket(stack, "Logs", removal=DESTROY, retention=cdk.Duration.days(30))
    SecureBucket(
        stack,
        "Raw",
        access_logs=logs.bucket,
        removal=DESTROY,
        keep_versions=cdk.Duration.days(9),
        key=kms.Key(stack, "Key"),
    )

    encryption = [item["Properties"]["BucketEncryption"] for item in resources("AWS::S3::Bucket")]
    assert sorted("aws:kms" in json.dumps(item) for item in encryption) == [False, True]
    assert resources("Custom::S3BucketNotifications") == []
    assert '"NoncurrentVersionExpiration": {"NoncurrentDays": 9}' in json.dumps(resources("AWS::S3::Bucket"))


def test_a_queue_hides_messages_six_times_as_long_as_its_consumer_takes(stack: cdk.Stack, resources: Resources) -> None:
    DeadLetteredQueue(stack, "Work", consumer_timeout=cdk.Duration.seconds(100), max_receive_count=3)

    (work,) = [item["Properties"] for item in resources("AWS::SQS::Queue") if "RedrivePolicy" in item["Properties"]]
    assert work["VisibilityTimeout"] == 600
    assert work["RedrivePolicy"]["maxReceiveCount"] == 3
    assert len(resources("AWS::SQS::QueuePolicy")) == 2


def test_a_key_names_every_action(stack: cdk.Stack, resources: Resources) -> None:
    EncryptionKey(stack, "Key", removal=DESTROY)

    (key,) = resources("AWS::KMS::Key")
    actions = [action for item in key["Properties"]["KeyPolicy"]["Statement"] for action in item["Action"]]
    assert not [action for action in actions if "*" in action]
    assert {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:Decrypt"} <= set(actions)


def test_emptying_is_allowed_in_the_named_bucket_and_before_its_end(
    stack: cdk.Stack, defaults: FunctionDefaults, resources: Resources
) -> None:
    logs = AccessLogsBucket(stack, "Logs", removal=DESTROY, retention=cdk.Duration.days(1))
    empty = EmptyBucketOnDelete(stack, "Empty", defaults=defaults)
    empty.add("EmptyLogs", logs.bucket)

    (custom,) = resources("Custom::EmptyBucket")
    assert set(custom["Properties"]) == {"ServiceToken", "BucketName"}
    assert any("EmptyLogsPolicy" in name for name in custom["DependsOn"])


def test_the_isolated_subnets_are_two_and_lead_nowhere(stack: cdk.Stack, resources: Resources) -> None:
    IsolatedSubnets(stack, "Subnets")

    zones = {json.dumps(item["Properties"]["AvailabilityZone"]) for item in resources("AWS::EC2::Subnet")}
    assert len(zones) == 2
    for kind in ("InternetGateway", "NatGateway", "Route", "RouteTable", "VPCEndpoint"):
        assert resources(f"AWS::EC2::{kind}") == []


def test_a_store_pauses_only_from_no_capacity(stack: cdk.Stack, resources: Resources) -> None:
    for name, least in (("A", 0), ("B", 1)):
        AuroraVectorStore(
            stack, name, capacity=capacity(min_acu=least), vpc_id="vpc-1", subnet_ids=["a", "b"], removal=DESTROY
        )

    scaling = [item["Properties"]["ServerlessV2ScalingConfiguration"] for item in resources("AWS::RDS::DBCluster")]
    assert {item["MinCapacity"]: item.get("SecondsUntilAutoPause") for item in scaling} == {0: 600, 1: None}


def test_a_kept_store_is_protected(stack: cdk.Stack, resources: Resources) -> None:
    retain = cdk.RemovalPolicy.RETAIN
    AuroraVectorStore(stack, "A", capacity=capacity(readers=1), vpc_id="vpc-1", subnet_ids=["a", "b"], removal=retain)

    (cluster,) = resources("AWS::RDS::DBCluster")
    assert cluster["Properties"]["DeletionProtection"] is True
    assert {item["DeletionPolicy"] for item in resources("AWS::RDS::DBInstance")} == {"Retain"}


@pytest.mark.parametrize("changes", [{"min_acu": 4}, {"min_acu": -1}, {"max_acu": 300}])
def test_an_impossible_capacity_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected 0 <= min_acu <= max_acu <= 256"):
        capacity(**changes)
