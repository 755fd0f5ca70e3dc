"""Settings a customer may need, synthesised in one process, checked by cdk-nag, each for what it is there for."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

HERE = "account: '123456789012'\nregion: eu-west-1\n"
PLAIN_MODEL = "models: {default: {routes: [{bedrock: 'amazon.nova-lite-v1:0'}]}}\n"
EXISTING = (
    "network:\n  mode: import\n  import:\n    vpc_id: vpc-0123456789abcdef0\n"
    "    subnet_ids: [subnet-01234567, subnet-89abcdef]\n    availability_zones: [eu-west-1a, eu-west-1b]\n"
)
KEY = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"


def cluster(templates: Any) -> Any:
    return templates.one("retrieval", "AWS::RDS::DBCluster")


def capacity(templates: Any) -> Any:
    return templates.one("retrieval", "AWS::OpenSearchServerless::CollectionGroup")["CapacityLimits"]


READS = ["DescribeIndex", "ReadDocument"]
WRITES = [*READS, "WriteDocument"]


def granted(templates: Any, part: str) -> list[list[str]]:
    """Return what each data access policy of a stack allows; their names are short enough for the service."""
    policies = [each["Properties"] for each in templates.of(part, "AWS::OpenSearchServerless::AccessPolicy")]
    assert all(3 <= len(policy["Name"]) <= 32 for policy in policies)
    return sorted(re.findall(r"aoss:(\w+)", text(policy["Policy"])) for policy in policies)


def text(templates: Any) -> str:
    return json.dumps(templates)


def roles(templates: Any) -> list[Any]:
    return [item["Properties"] for part in templates for item in templates.of(part, "AWS::IAM::Role")]


VARIATIONS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "all-defaults": ("removal: retain", lambda t: cluster(t)["DeletionProtection"] and "network" not in t),
    "account-and-region": (HERE, lambda t: "arn:aws:s3:::" in text(t) and "123456789012" in text(t["gateway"])),
    "existing-vpc": (
        EXISTING,
        lambda t: "vpc-0123456789abcdef0" in text(t["network"]) and not t.of("network", "AWS::EC2::VPC"),
    ),
    "existing-vpc-here": (HERE + EXISTING, lambda t: len(t.of("network", "AWS::EC2::SecurityGroup")) == 1),
    "existing-security-groups": (
        EXISTING + "    security_group_ids: [sg-01234567, sg-89abcdef]",
        lambda t: (
            len(t.function("gateway", "chat")["VpcConfig"]["SecurityGroupIds"]) == 2
            and not t.of("network", "AWS::EC2::SecurityGroup")
        ),
    ),
    "created-vpc-here": (HERE + "network: {mode: create}", lambda t: len(t.of("network", "AWS::EC2::Subnet")) == 2),
    "three-zones": (
        "network: {mode: create, availability_zones: 3}",
        lambda t: len(t.of("network", "AWS::EC2::Subnet")) == 3,
    ),
    "nat-gateways": (
        "network: {mode: create, nat_gateways: 1, cidr: 10.9.0.0/24}",
        lambda t: len(t.of("network", "AWS::EC2::NatGateway")) == 1 and len(t.of("network", "AWS::EC2::Subnet")) == 4,
    ),
    "own-key": ("encryption: {customer_managed_key: true}", lambda t: text(t).count('"KmsMasterKeyId"') == 4),
    "own-key-thrown-away": (
        "encryption: {customer_managed_key: true}\nremoval: destroy",
        lambda t: t.of("foundation", "AWS::KMS::Key")[0]["DeletionPolicy"] == "Delete",
    ),
    "existing-key": (
        HERE + f"encryption: {{key_arn: '{KEY}'}}",
        lambda t: not t.of("foundation", "AWS::KMS::Key") and cluster(t)["KmsKeyId"] == KEY,
    ),
    "boundary-by-name": (
        "permissions_boundary: team-boundary",
        lambda t: all("policy/team-boundary" in text(role["PermissionsBoundary"]) for role in roles(t)),
    ),
    "boundary-by-arn": (
        "permissions_boundary: arn:aws:iam::123456789012:policy/team/boundary\nremoval: destroy",
        lambda t: (
            {role["PermissionsBoundary"] for role in roles(t)} == {"arn:aws:iam::123456789012:policy/team/boundary"}
        ),
    ),
    "china": (
        "account: '123456789012'\nregion: cn-north-1\n" + PLAIN_MODEL,
        lambda t: "arn:aws-cn:" in text(t) and "arn:aws:" not in text(t),
    ),
    "us-government": (
        "account: '123456789012'\nregion: us-gov-west-1\nencryption: {customer_managed_key: true}\n" + PLAIN_MODEL,
        lambda t: "arn:aws-us-gov:" in text(t) and "arn:aws:" not in text(t),
    ),
    "firewall": (
        "gateway: {waf: true, throttle: {rate_per_second: 0.01, burst: 1}}",
        lambda t: '"Limit": 10' in text(t["gateway"]),
    ),
    "account-has-a-log-role": (
        "gateway: {log_role: existing}",
        lambda t: not t.of("gateway", "AWS::ApiGateway::Account"),
    ),
    "destroy-protected": ("removal: destroy", lambda t: not cluster(t)["DeletionProtection"]),
    "regional-profile": (
        HERE
        + "models: {default: {routes: [{bedrock: 'eu.amazon.nova-lite-v1:0'}]}, "
        + "big: {routes: [{bedrock: anthropic.claude-x}]}}",
        lambda t: (
            "inference-profile/eu.amazon.nova-lite-v1:0" in text(t["gateway"])
            and "eu-west-1::foundation-model/anthropic.claude-x" in text(t["gateway"])
        ),
    ),
    "small-vectors": (
        "retrieval: {embedding: {dimensions: 256}, aurora: {min_acu: 0.5, max_acu: 1, readers: 2}}",
        lambda t: (
            t.of("retrieval", "Custom::VectorStoreMigration")[0]["Properties"]["Dimensions"] == "256"
            and len(t.of("retrieval", "AWS::RDS::DBInstance")) == 3
        ),
    ),
    "opensearch": (
        "retrieval: {store: opensearch}\nremoval: destroy",
        lambda t: (
            capacity(t)["MinSearchCapacityInOcu"] == capacity(t)["MinIndexingCapacityInOcu"] == 0
            and not t.of("retrieval", "AWS::RDS::DBCluster")
            and '\\"AllowFromPublic\\":true' in text(t["retrieval"])
            and granted(t, "gateway") == [READS, READS, WRITES]
            and granted(t, "ingestion") == [WRITES]
            and granted(t, "retrieval") == [["CreateIndex", "DescribeIndex", "UpdateIndex"]]
        ),
    ),
    "opensearch-classic-in-a-vpc": (
        "retrieval: {store: opensearch, opensearch: {generation: classic, m: 32}}\nnetwork: {mode: create}\n"
        "encryption: {customer_managed_key: true}",
        lambda t: (
            not t.of("retrieval", "AWS::OpenSearchServerless::CollectionGroup")
            and len(t.one("retrieval", "AWS::OpenSearchServerless::VpcEndpoint")["SubnetIds"]) == 2
            and '\\"AllowFromPublic\\":false' in text(t["retrieval"])
            and '\\"KmsARN\\":' in text(t["retrieval"])
            and t.one("retrieval", "AWS::OpenSearchServerless::Collection")["DeletionProtection"] == "ENABLED"
        ),
    ),
    "s3-vectors": (
        "retrieval: {store: s3_vectors, s3_vectors: {text_language: de}}",
        lambda t: (
            t.of("retrieval", "AWS::S3Vectors::VectorBucket")[0]["DeletionPolicy"] == "Retain"
            and not t.of("retrieval", "Custom::EmptyVectorBucket")
            and t.function("gateway", "chat")["Environment"]["Variables"]["TEXT_LANGUAGE"] == "de"
            and "s3vectors:PutVectors" not in t.allowed("gateway", "Chat")
            and {"s3vectors:PutVectors", "dynamodb:UpdateItem"} <= t.allowed("ingestion", "Ingest")
        ),
    ),
    "s3-vectors-thrown-away": (
        "removal: destroy\nretrieval: {store: s3_vectors}",
        lambda t: (
            len(t.of("retrieval", "Custom::EmptyVectorBucket")) == 1
            and {"Key": "slipway:empty-on-delete", "Value": "true"}
            in t.one("retrieval", "AWS::S3Vectors::VectorBucket")["Tags"]
        ),
    ),
    "s3-vectors-private-with-a-key": (
        "retrieval: {store: s3_vectors}\nnetwork: {mode: create}\nencryption: {customer_managed_key: true}",
        lambda t: (
            ".s3vectors" in text(t.of("network", "AWS::EC2::VPCEndpoint"))
            and "rds-data" not in text(t["network"])
            and "indexing.s3vectors.amazonaws.com" in text(t["foundation"])
            and t.one("retrieval", "AWS::S3Vectors::VectorBucket")["EncryptionConfiguration"]["SseType"] == "aws:kms"
        ),
    ),
    "kendra": (
        "retrieval: {store: kendra, kendra: {existing_customer: true}}\nnetwork: {mode: create}",
        lambda t: (
            t.one("retrieval", "AWS::Kendra::Index")["Edition"] == "DEVELOPER_EDITION"
            and ".kendra" in text(t.of("network", "AWS::EC2::VPCEndpoint"))
            and "rds-data" not in text(t["network"])
            and "kendra:BatchPutDocument" not in t.allowed("gateway", "Chat")
            and {"kendra:BatchPutDocument", "dynamodb:UpdateItem"} <= t.allowed("ingestion", "Ingest")
        ),
    ),
    "mail-and-no-dashboard": (
        "observability: {alarm_email: on-call@example.com, dashboards: []}",
        lambda t: (
            t.one("foundation", "AWS::SNS::Subscription")["Endpoint"] == "on-call@example.com"
            and not t.of("observability", "AWS::CloudWatch::Dashboard")
        ),
    ),
    "thrown-away-network": (
        "removal: destroy\nnetwork: {mode: create}\nencryption: {customer_managed_key: true}",
        lambda t: "VpcConfig" not in t.function("foundation", "empty_bucket"),
    ),
    "training-private-with-a-key": (
        HERE + "training: {enabled: true, instance_type: ml.p4d.24xlarge, instances: 2, spot: false}\n"
        "network: {mode: create}\nencryption: {customer_managed_key: true}",
        lambda t: (
            "VolumeKmsKeyId" in text(t["training"])
            and "VpcConfig" in text(t.of("training", "AWS::StepFunctions::StateMachine"))
            and "763104351884.dkr.ecr.eu-west-1" in text(t["training"])
            and ".sagemaker.api" in text(t.of("network", "AWS::EC2::VPCEndpoint"))
        ),
    ),
    "tags": (
        "tags: {cost-centre: '42'}",
        lambda t: (
            {"Key": "cost-centre", "Value": "42"} in t.of("foundation", "AWS::S3::Bucket")[0]["Properties"]["Tags"]
        ),
    ),
}


@pytest.mark.capability("O15")
@pytest.mark.parametrize("name", VARIATIONS)
def test_a_variation_does_what_it_says(synthesise: Callable[[str], Any], name: str) -> None:
    settings, holds = VARIATIONS[name]

    templates = synthesise(settings)

    assert holds(templates)
    assert templates.unpublished() == []
