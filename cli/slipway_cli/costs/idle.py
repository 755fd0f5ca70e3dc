"""What each resource costs while nobody uses it: (price key, units a month), by its type and properties.

Source: the pricing page of each service, as prices.csv names it.
"""

from collections.abc import Callable, Iterator
from typing import Any

from slipway_cli.errors import CommandError
from slipway_cli.templates import Resources

HOURS = 730  # of a month, as the AWS Pricing Calculator counts
CLASSIC_OCU = {"ENABLED": 2.0, "DISABLED": 1.0}  # the least of a classic collection, indexing and search together
KENDRA = {"DEVELOPER_EDITION": "developer", "ENTERPRISE_EDITION": "enterprise", "GEN_AI_ENTERPRISE_EDITION": "genai"}

Charge = tuple[str, float]
Properties = dict[str, Any]
Rule = Callable[[Properties, Resources], Iterator[Charge]]


def _alarm(properties: Properties, _: Resources) -> Iterator[Charge]:
    metrics = sum("MetricStat" in query for query in properties.get("Metrics", [])) or 1
    fast = float(properties.get("Period", 60)) < 60
    yield f"cloudwatch.alarm_{'high_resolution_' if fast else ''}months", metrics


def _table(properties: Properties, _: Resources) -> Iterator[Charge]:
    if properties.get("BillingMode") != "PAY_PER_REQUEST":
        for part in (properties, *properties.get("GlobalSecondaryIndexes", [])):
            throughput = part.get("ProvisionedThroughput", {})
            yield "dynamodb.read_capacity_hours", float(throughput.get("ReadCapacityUnits", 0)) * HOURS
            yield "dynamodb.write_capacity_hours", float(throughput.get("WriteCapacityUnits", 0)) * HOURS


def _endpoint(properties: Properties, _: Resources) -> Iterator[Charge]:
    if properties.get("VpcEndpointType", "Gateway") == "Interface":
        yield "vpc.interface_endpoint_hours", max(1, len(properties.get("SubnetIds", []))) * HOURS


def _instance(properties: Properties, resources: Resources) -> Iterator[Charge]:
    kind = properties.get("DBInstanceClass", "")
    if kind != "db.serverless":
        yield f"rds.{kind}_hours", HOURS
        return
    cluster = resources.get(_referred(properties.get("DBClusterIdentifier")))
    if cluster is None:
        raise CommandError("an instance of class db.serverless names no cluster of its template: it cannot be priced")
    scaling = cluster["Properties"].get("ServerlessV2ScalingConfiguration", {})
    yield "aurora.acu_hours", float(scaling.get("MinCapacity", 0.5)) * HOURS


def _collection(properties: Properties, _: Resources) -> Iterator[Charge]:
    if "CollectionGroupName" not in properties:  # else its group has the capacity
        yield "opensearch_serverless.ocu_hours", CLASSIC_OCU[properties.get("StandbyReplicas", "ENABLED")] * HOURS


def _collection_group(properties: Properties, _: Resources) -> Iterator[Charge]:
    limits = properties.get("CapacityLimits", {})
    least = 0.0 if properties.get("Generation") == "NEXTGEN" else 1.0
    ocu = sum(float(limits.get(f"Min{part}CapacityInOcu", least)) for part in ("Indexing", "Search"))
    yield "opensearch_serverless.ocu_hours", ocu * HOURS


def _endpoint_config(properties: Properties, _: Resources) -> Iterator[Charge]:
    for variant in (*properties.get("ProductionVariants", []), *properties.get("ShadowProductionVariants", [])):
        if "InstanceType" in variant:
            scaling = variant.get("ManagedInstanceScaling", {})
            count = scaling.get("MinInstanceCount", variant.get("InitialInstanceCount", 1))
            yield f"sagemaker.{variant['InstanceType']}_hours", float(count) * HOURS


def _web_acl(properties: Properties, _: Resources) -> Iterator[Charge]:
    yield "waf.web_acl_months", 1
    yield "waf.rule_months", len(properties.get("Rules", []))


def _stage(properties: Properties, _: Resources) -> Iterator[Charge]:
    if properties.get("CacheClusterEnabled"):
        yield f"apigateway.cache.{properties.get('CacheClusterSize', '0.5')}gb_hours", HOURS


def _function(properties: Properties, _: Resources) -> Iterator[Charge]:
    if properties.get("ProvisionedConcurrencyConfig"):
        yield "lambda.provisioned_gb_seconds", HOURS * 3600


def _stream(properties: Properties, _: Resources) -> Iterator[Charge]:
    on_demand = properties.get("StreamModeDetails", {}).get("StreamMode") == "ON_DEMAND"
    key = "kinesis.on_demand_hours" if on_demand else "kinesis.shard_hours"
    yield key, (1 if on_demand else float(properties.get("ShardCount", 1))) * HOURS


def _parameter(properties: Properties, _: Resources) -> Iterator[Charge]:
    if properties.get("Tier", "Standard") != "Standard":
        yield "ssm.advanced_parameter_months", 1


def _index(properties: Properties, _: Resources) -> Iterator[Charge]:
    yield f"kendra.{KENDRA[properties['Edition']]}_hours", HOURS


def _tracking_server(properties: Properties, _: Resources) -> Iterator[Charge]:
    yield f"sagemaker.mlflow_{properties.get('TrackingServerSize', 'Small').lower()}_hours", HOURS


def _fixed(key: str, units: float) -> Rule:
    return lambda _properties, _resources: iter([(key, units)])


def _referred(value: Any) -> str:
    return str(value.get("Ref", "")) if isinstance(value, dict) else ""


RULES: dict[str, Rule] = {
    "AWS::ApiGateway::Stage": _stage,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::CompositeAlarm": _fixed("cloudwatch.composite_alarm_months", 1),
    "AWS::CloudWatch::Dashboard": _fixed("cloudwatch.dashboard_months", 1),
    "AWS::CodePipeline::Pipeline": _fixed("codepipeline.pipeline_months", 1),
    "AWS::DynamoDB::Table": _table,
    "AWS::EC2::EIP": _fixed("vpc.public_ipv4_hours", HOURS),
    "AWS::EC2::NatGateway": _fixed("vpc.nat_gateway_hours", HOURS),
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::EKS::Cluster": _fixed("eks.cluster_hours", HOURS),
    "AWS::KMS::Key": _fixed("kms.key_months", 1),
    "AWS::KMS::ReplicaKey": _fixed("kms.key_months", 1),
    "AWS::Kendra::Index": _index,
    "AWS::Kinesis::Stream": _stream,
    "AWS::Lambda::Alias": _function,
    "AWS::Lambda::Version": _function,
    "AWS::OpenSearchServerless::Collection": _collection,
    "AWS::OpenSearchServerless::CollectionGroup": _collection_group,
    "AWS::RDS::DBInstance": _instance,
    "AWS::SSM::Parameter": _parameter,
    "AWS::SageMaker::EndpointConfig": _endpoint_config,
    "AWS::SageMaker::MlflowTrackingServer": _tracking_server,
    "AWS::SecretsManager::Secret": _fixed("secretsmanager.secret_months", 1),
    "AWS::WAFv2::WebACL": _web_acl,
}
