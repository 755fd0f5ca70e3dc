import json
from typing import Any

import pytest


def bucket_with_events(templates: Any) -> dict[str, Any]:
    buckets = [
        item
        for item in templates.of("foundation", "AWS::S3::Bucket")
        if "NotificationConfiguration" in item["Properties"]
    ]
    assert len(buckets) == 1
    return buckets[0]


@pytest.mark.capability("D10")
def test_the_raw_bucket_is_versioned_private_and_sends_events(dev: Any) -> None:
    bucket = bucket_with_events(dev)["Properties"]

    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    assert "LoggingConfiguration" in bucket


def test_buckets_refuse_plain_http(dev: Any) -> None:
    for policy in dev.of("foundation", "AWS::S3::BucketPolicy"):
        assert '"aws:SecureTransport": "false"' in json.dumps(policy)


@pytest.mark.capability("D10")
def test_lineage_is_kept_by_document_and_found_by_tenant_and_path(dev: Any) -> None:
    tables = {
        json.dumps(item["Properties"]["KeySchema"]): item["Properties"]
        for item in dev.of("foundation", "AWS::DynamoDB::Table")
    }
    documents = next(table for schema, table in tables.items() if '"item"' in schema)

    assert [key["AttributeName"] for key in documents["KeySchema"]] == ["document_id", "item"]
    assert documents["GlobalSecondaryIndexes"][0]["IndexName"] == "by-tenant"
    assert [key["AttributeName"] for key in documents["GlobalSecondaryIndexes"][0]["KeySchema"]] == ["tenant", "path"]
    assert any('"rejected_at"' in schema for schema in tables)
    assert all(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] for table in tables.values())


def test_dev_goes_without_a_trace_and_prod_stays(dev: Any, prod: Any) -> None:
    kinds = ("AWS::S3::Bucket", "AWS::DynamoDB::Table")

    assert {item["DeletionPolicy"] for kind in kinds for item in dev.of("foundation", kind)} == {"Delete"}
    assert {item["DeletionPolicy"] for kind in kinds for item in prod.of("foundation", kind)} == {"Retain"}
    assert len(dev.of("foundation", "Custom::EmptyBucket")) == 4
    assert prod.of("foundation", "Custom::EmptyBucket") == []
    assert prod.of("foundation", "AWS::Lambda::Function") == []
    assert all(
        item["Properties"]["DeletionProtectionEnabled"] for item in prod.of("foundation", "AWS::DynamoDB::Table")
    )


def test_only_buckets_that_may_be_emptied_say_so_and_the_emptier_reads_that(dev: Any, prod: Any) -> None:
    mark = {"Key": "slipway:empty-on-delete", "Value": "true"}

    assert [item["Type"] for item in dev["foundation"]["Resources"].values() if mark in _tags(item)] == [
        "AWS::S3::Bucket",
        "AWS::S3::Bucket",
        "AWS::S3::Bucket",
        "AWS::S3::Bucket",
    ]
    assert "slipway:empty-on-delete" not in json.dumps(prod["foundation"])
    assert "s3:GetBucketTagging" in dev.allowed("foundation", "EmptyBuckets")


def _tags(resource: dict[str, Any]) -> list[Any]:
    tags = resource.get("Properties", {}).get("Tags", [])
    return tags if isinstance(tags, list) else []


def test_access_logs_are_emptied_after_the_bucket_that_writes_them_is_gone(dev: Any) -> None:
    emptiers = {
        name: item for name, item in dev["foundation"]["Resources"].items() if item["Type"] == "Custom::EmptyBucket"
    }
    last = next(name for name, item in emptiers.items() if "AccessLogs" in item["Properties"]["BucketName"]["Ref"])

    assert last in bucket_with_events(dev)["DependsOn"]


def test_alarms_may_publish_and_only_by_tls(dev: Any) -> None:
    statements = dev.one("foundation", "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]

    assert {item["Effect"]: item["Principal"] if item["Principal"] != {"AWS": "*"} else "*" for item in statements} == {
        "Allow": {"Service": "cloudwatch.amazonaws.com"},
        "Deny": "*",
    }


def test_prod_encrypts_with_its_own_rotated_key(prod: Any) -> None:
    key = prod.one("foundation", "AWS::KMS::Key")

    assert key["EnableKeyRotation"] is True
    assert all(
        item["Properties"]["SSESpecification"]["SSEType"] == "KMS"
        for item in prod.of("foundation", "AWS::DynamoDB::Table")
    )
    topics = prod.of("foundation", "AWS::SNS::Topic")
    assert topics
    assert all("KmsMasterKeyId" in item["Properties"] for item in topics)
    assert "/slipway/prod/foundation/key-arn" in json.dumps(prod["foundation"])
