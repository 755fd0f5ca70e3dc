"""Live types whose tags and settings change by calls of their own: network, databases, APIs, pools, dashboards."""

from collections.abc import Callable
from typing import Any

TAGS = [{"Key": "team", "Value": "search"}]
VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}


def _subnet(number: int) -> dict[str, Any]:
    zone = {"Fn::Select": [number, {"Fn::GetAZs": ""}]}
    properties = {"VpcId": {"Ref": "Vpc"}, "CidrBlock": f"10.0.{number}.0/24", "AvailabilityZone": zone}
    return {"Type": "AWS::EC2::Subnet", "Properties": properties}


def _ec2(operation: str, key: str, filtered: str) -> Callable[[Any, str], Any]:
    def read(place: Any, physical_id: str) -> Any:
        (shown,) = getattr(place.client("ec2"), operation)(**{filtered: [physical_id]})[key]
        return shown.get("Tags", [])

    return read


def _spark(place: Any, identifier: str) -> Any:
    shown = place.client("emr-serverless").get_application(applicationId=identifier)["application"]
    return {
        name: value for name, value in shown.items() if name not in ("applicationId", "arn", "createdAt", "updatedAt")
    }


def _subnet_group(place: Any, name: str) -> Any:
    rds = place.client("rds")
    (shown,) = rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"]
    tags = rds.list_tags_for_resource(ResourceName=shown["DBSubnetGroupArn"])["TagList"]
    return [shown["DBSubnetGroupDescription"], len(shown["Subnets"]), tags]


def _rest_api(place: Any, api: str) -> Any:
    shown = place.client("apigateway").get_rest_api(restApiId=api)
    return {key: shown.get(key) for key in ("name", "tags", "binaryMediaTypes")} | {
        "description": shown.get("description") or ""
    }


def _stage(place: Any, name: str) -> Any:
    client = place.client("apigateway")
    every = [one for api in client.get_rest_apis()["items"] for one in client.get_stages(restApiId=api["id"])["item"]]
    (shown,) = (one for one in every if one["stageName"] == name)
    tracing = shown.get("tracingEnabled", False)
    return [shown.get("description") or "", tracing, shown.get("tags", {}), shown.get("variables", {})]


def _usage_plan(place: Any, plan: str) -> Any:
    shown = place.client("apigateway").get_usage_plan(usagePlanId=plan)
    return {key: shown.get(key) or None for key in ("throttle", "quota", "description", "tags", "name")}


def _mapping(place: Any, physical_id: str) -> Any:
    client = place.client("lambda")
    shown = client.get_event_source_mapping(UUID=physical_id)
    return [client.list_tags(Resource=shown["EventSourceMappingArn"])["Tags"], shown["BatchSize"]]


def _dashboard(place: Any, name: str) -> Any:
    client = place.client("cloudwatch")
    shown = client.get_dashboard(DashboardName=name)
    return [shown["DashboardBody"], client.list_tags_for_resource(ResourceARN=shown["DashboardArn"])["Tags"]]


def _user_pool(place: Any, pool: str) -> Any:
    shown = place.client("cognito-idp").describe_user_pool(UserPoolId=pool)["UserPool"]
    return [shown["Name"], shown["MfaConfiguration"], shown.get("DeletionProtection", "INACTIVE")]


def _trusted() -> dict[str, Any]:
    principal = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [principal]}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document}}


API = {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "updated"}}
OF_API = {"RestApiId": {"Ref": "Api"}}
METHOD = {
    "Type": "AWS::ApiGateway::Method",
    "Properties": {
        **OF_API, "ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]}, "HttpMethod": "GET",
        "AuthorizationType": "NONE",
        "Integration": {"Type": "MOCK", "RequestTemplates": {"application/json": '{"statusCode": 200}'}},
    },
}  # fmt: skip
DEPLOYMENT = {"Type": "AWS::ApiGateway::Deployment", "Properties": OF_API, "DependsOn": "Method"}
FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "Properties": {"Runtime": "python3.13", "Handler": "index.handler", "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                   "Code": {"ZipFile": "def handler(event, context): pass"}},
}  # fmt: skip
# Type: reading, changes, what it needs, other resources.
MORE: dict[str, tuple[Callable[[Any, str], Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "AWS::EC2::VPC": (_ec2("describe_vpcs", "Vpcs", "VpcIds"), {"Tags": TAGS}, VPC["Properties"], {}),  # type: ignore[dict-item]
    "AWS::EC2::InternetGateway": (
        _ec2("describe_internet_gateways", "InternetGateways", "InternetGatewayIds"), {"Tags": TAGS}, {}, {},
    ),
    "AWS::EC2::Subnet": (
        _ec2("describe_subnets", "Subnets", "SubnetIds"), {"Tags": TAGS}, _subnet(0)["Properties"], {"Vpc": VPC},
    ),
    "AWS::RDS::DBSubnetGroup": (
        _subnet_group,
        {"Tags": TAGS, "DBSubnetGroupDescription": "other", "SubnetIds": [{"Ref": "A"}, {"Ref": "B"}, {"Ref": "C"}]},
        {"DBSubnetGroupDescription": "one", "SubnetIds": [{"Ref": "A"}, {"Ref": "B"}]},
        {"Vpc": VPC, "A": _subnet(0), "B": _subnet(1), "C": _subnet(2)},
    ),
    "AWS::ApiGateway::RestApi": (
        _rest_api, {"Tags": TAGS, "Description": "x", "BinaryMediaTypes": ["image/png"]}, {"Name": "updated"}, {},
    ),
    "AWS::ApiGateway::Stage": (
        _stage,
        {"Tags": TAGS, "Description": "x", "TracingEnabled": True, "Variables": {"a": "b"}},
        {**OF_API, "StageName": {"Ref": "AWS::StackName"}, "DeploymentId": {"Ref": "Deployment"}},
        {"Api": API, "Method": METHOD, "Deployment": DEPLOYMENT},
    ),
    "AWS::ApiGateway::UsagePlan": (
        _usage_plan,
        {"Throttle": {"RateLimit": 5.5, "BurstLimit": 3}, "Quota": {"Limit": 10, "Period": "DAY"}, "Description": "x",
         "Tags": TAGS},
        {"UsagePlanName": "updated"}, {},
    ),
    "AWS::Lambda::EventSourceMapping": (
        _mapping, {"Tags": TAGS, "BatchSize": 5},
        {"FunctionName": {"Ref": "Function"}, "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]}},
        {"Function": FUNCTION, "Role": _trusted(), "Queue": {"Type": "AWS::SQS::Queue"}},
    ),
    "AWS::EMRServerless::Application": (
        _spark,
        {"Architecture": "ARM64", "AutoStartConfiguration": {"Enabled": False}, "ReleaseLabel": "emr-7.12.0",
         "AutoStopConfiguration": {"Enabled": True, "IdleTimeoutMinutes": 5},
         "MonitoringConfiguration": {"ManagedPersistenceMonitoringConfiguration": {"Enabled": False}}},
        {"ReleaseLabel": "emr-7.11.0", "Type": "SPARK"}, {},
    ),
    "AWS::CloudWatch::Dashboard": (
        _dashboard, {"Tags": TAGS, "DashboardBody": '{"widgets": [{}]}'}, {"DashboardBody": '{"widgets": []}'}, {},
    ),
    "AWS::Cognito::UserPool": (
        _user_pool, {"UserPoolName": "other", "MfaConfiguration": "OPTIONAL"}, {"UserPoolName": "one"}, {},
    ),
}  # fmt: skip
