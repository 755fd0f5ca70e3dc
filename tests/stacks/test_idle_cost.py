"""Development costs nothing by the hour while nobody uses it: what is charged by time is not there.

Sources: the pricing pages of Amazon VPC (NAT gateways, interface endpoints, public addresses), Aurora (ACU-hours; 0 ACU
while paused: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html),
Lambda (provisioned concurrency), DynamoDB (provisioned capacity), OpenSearch Serverless (OCU-hours), S3 Vectors
(storage and requests only: https://aws.amazon.com/s3/pricing/).
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

DEV = (Path(__file__).resolve().parents[2] / "config" / "dev.yaml").read_text()
# Charged by use or by what is stored, or not at all. A type that is not here has to be looked up and put somewhere.
FREE_WHEN_IDLE = {
    *(
        "AWS::ApiGateway::Account",
        "AWS::ApiGateway::ApiKey",
        "AWS::ApiGateway::Authorizer",
        "AWS::ApiGateway::Deployment",
    ),
    *("AWS::ApiGateway::GatewayResponse", "AWS::ApiGateway::Method", "AWS::ApiGateway::Model"),
    *("AWS::ApiGateway::RequestValidator", "AWS::ApiGateway::Resource", "AWS::ApiGateway::RestApi"),
    *("AWS::ApiGateway::Stage", "AWS::ApiGateway::UsagePlan", "AWS::ApiGateway::UsagePlanKey"),
    *("AWS::CDK::Metadata", "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm", "AWS::CloudWatch::Dashboard"),
    *("AWS::DynamoDB::Table", "AWS::EC2::SecurityGroup", "AWS::EC2::Subnet", "AWS::EC2::VPC", "AWS::Events::Rule"),
    *("AWS::EC2::RouteTable", "AWS::EC2::SubnetRouteTableAssociation"),
    *("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::Role"),
    *(
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Function",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Permission",
    ),
    *("AWS::Lambda::EventInvokeConfig", "AWS::Logs::LogGroup", "AWS::Logs::MetricFilter", "AWS::Logs::QueryDefinition"),
    *("AWS::RDS::DBCluster", "AWS::RDS::DBInstance", "AWS::RDS::DBSubnetGroup"),
    *("AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::S3Vectors::VectorBucket", "AWS::S3Vectors::VectorBucketPolicy"),
    *("AWS::SNS::Subscription", "AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "AWS::SQS::Queue", "AWS::SQS::QueuePolicy"),
    *(
        "AWS::SageMaker::MlflowApp",
        "AWS::SSM::Parameter",
        "AWS::SecretsManager::Secret",
        "AWS::SecretsManager::SecretTargetAttachment",
    ),
    *("AWS::Scheduler::Schedule", "AWS::StepFunctions::StateMachine"),
}


def hourly(templates: dict[str, Any]) -> Iterator[str]:
    """Yield what is charged by the hour, or might be."""
    for part, template in templates.items():
        for name, resource in template["Resources"].items():
            kind, properties = resource["Type"], resource.get("Properties", {})
            where = f"{part}/{name} ({kind})"
            if not kind.startswith("Custom::") and kind not in FREE_WHEN_IDLE:
                yield where
            scaling = properties.get("ServerlessV2ScalingConfiguration", {})
            if kind == "AWS::RDS::DBCluster" and (
                scaling.get("MinCapacity") != 0 or not scaling.get("SecondsUntilAutoPause")
            ):
                yield f"{where} never pauses"
            if kind == "AWS::RDS::DBInstance" and properties["DBInstanceClass"] != "db.serverless":
                yield f"{where} is always on"
            if kind == "AWS::DynamoDB::Table" and properties.get("BillingMode") != "PAY_PER_REQUEST":
                yield f"{where} has provisioned capacity"
            if properties.get("ProvisionedConcurrencyConfig") or properties.get("CacheClusterEnabled"):
                yield f"{where} keeps something running"


@pytest.mark.capability("R1")
def test_dev_with_aurora_has_no_hourly_charge_when_idle(dev: Any) -> None:
    assert dev.one("retrieval", "AWS::RDS::DBCluster")
    assert list(hourly(dev)) == []


@pytest.mark.capability("R4")
def test_dev_with_s3_vectors_has_no_hourly_charge_when_idle(synthesise: Callable[[str], Any]) -> None:
    templates = synthesise(DEV.replace("retrieval:\n", "retrieval:\n  store: s3_vectors\n"))

    assert templates.one("retrieval", "AWS::S3Vectors::VectorBucket")
    assert not [kind for kind in ("AWS::RDS::DBCluster", "AWS::EC2::VPC") if templates.of("retrieval", kind)]
    assert list(hourly(templates)) == []


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        (
            "network: {mode: create, nat_gateways: 1}",
            ("AWS::EC2::NatGateway", "AWS::EC2::EIP", "AWS::EC2::VPCEndpoint"),
        ),
        ("retrieval: {aurora: {min_acu: 0.5}}", ("never pauses",)),
        ("encryption: {customer_managed_key: true}", ("AWS::KMS::Key",)),
        ("gateway: {waf: true}", ("AWS::WAFv2::WebACL",)),
    ],
)
def test_what_is_charged_by_time_is_noticed(
    synthesise: Callable[[str], Any], settings: str, found: tuple[str, ...]
) -> None:
    noticed = json.dumps(list(hourly(synthesise(settings))))

    assert all(each in noticed for each in found), noticed
