"""What preflight reads of an account, request and answer by botocore's models, and what it makes of it.

The faults are those that https://github.com/aws-samples/aws-genai-llm-chatbot/issues/429 (bootstrap),
https://github.com/aws-samples/sagemaker-custom-project-templates/issues/51 (ml.* quota of 0),
https://github.com/aws/aws-cdk/issues/4912 (endpoint zones) and the others in test_preflight.py report.
"""

import copy
from pathlib import Path
from typing import Any

import pytest

from slipway_cli.preflights.finding import Severity
from slipway_cli.preflights.online import ONLINE, online
from slipway_cli.preflights.subject import Stack, Subject
from stacks.settings import Settings
from stacks.settings_file import read_settings
from support.aws_account import Account, Answer

ROOT = Path(__file__).parents[2]
ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]
CALLER = {"Account": "123456789012", "UserId": "u", "Arn": "arn:aws:sts::123456789012:assumed-role/ops/me"}
LIMIT = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}
AVAILABLE = {
    "modelId": "m",
    "agreementAvailability": {"status": "AVAILABLE"},
    "authorizationStatus": "AUTHORIZED",
    "entitlementAvailability": "AVAILABLE",
    "regionAvailability": "AVAILABLE",
}
PROFILE = {
    **{"inferenceProfileName": "p", "inferenceProfileArn": "arn:aws:bedrock:us-east-1::inference-profile/p"},
    **{"models": [{}], "inferenceProfileId": "p", "status": "ACTIVE", "type": "SYSTEM_DEFINED"},
}


def endpoint_services(request: dict[str, Any]) -> dict[str, Any]:
    names = request["Filters"][0]["Values"]
    return {"ServiceDetails": [{"ServiceName": name, "AvailabilityZones": ZONES} for name in names]}


def allowed(request: dict[str, Any]) -> dict[str, Any]:
    names = request["ActionNames"]
    return {"EvaluationResults": [{"EvalActionName": name, "EvalDecision": "allowed"} for name in names]}


HEALTHY: dict[str, Answer] = {
    "sts.GetCallerIdentity": CALLER,
    "ssm.GetParameter": {"Parameter": {"Value": "21"}},
    "apigateway.GetAccount": {},
    "logs.DescribeResourcePolicies": {"resourcePolicies": []},
    "cloudformation.ListStackResources": "ValidationError",
    "cloudformation.DescribeStacks": {"Stacks": []},
    "ec2.DescribeVpcs": {"Vpcs": [{"VpcId": "vpc-1"}]},
    "s3.ListBuckets": {"Buckets": []},
    "rds.DescribeDBClusters": {"DBClusters": []},
    "dynamodb.ListTables": {"TableNames": []},
    "service-quotas.GetServiceQuota": {"Quota": {"Value": 1000.0}},
    "iam.GetAccountSummary": {"SummaryMap": {"Roles": 10, "RolesQuota": 1000}},
    "iam.GetRole": {
        "Role": {
            **{"Path": "/", "RoleName": "r", "RoleId": "AROA1234567890123456", "CreateDate": "2026-01-01"},
            "Arn": "arn:aws:iam::123456789012:role/r",
        }
    },
    "iam.SimulatePrincipalPolicy": allowed,
    "lambda.GetAccountSettings": {"AccountLimit": LIMIT},
    "bedrock.GetFoundationModelAvailability": AVAILABLE,
    "bedrock.GetInferenceProfile": PROFILE,
    "ec2.DescribeAvailabilityZones": {"AvailabilityZones": [{"ZoneName": zone} for zone in ZONES]},
    "ec2.DescribeVpcEndpointServices": endpoint_services,
    "rds.DescribeOrderableDBInstanceOptions": {"OrderableDBInstanceOptions": [{"Engine": "aurora-postgresql"}]},
}


def subject(templates: Any, **sections: Any) -> Subject:
    settings = read_settings(ROOT / "config" / "prod.yaml")
    if sections:
        settings = Settings.model_validate(settings.model_dump(by_alias=True) | sections)
    stacks = [
        Stack(name=f"slipway-prod-{part}", template=copy.deepcopy(item), bootstrap_version=6)
        for part, item in templates.items()
    ]
    return Subject(environment="prod", settings=settings, region="us-east-1", stacks=stacks)


@pytest.mark.capability("O12")
def test_nothing_is_found_in_an_account_that_is_ready(prod: Any) -> None:
    account = Account(HEALTHY)
    assert online(subject(prod), account.client) == []
    reading = ("Get", "List", "Describe", "Simulate")
    assert all(name.split(".")[1].startswith(reading) for name in account.asked)


def few_zones(request: dict[str, Any]) -> dict[str, Any]:
    names = request["Filters"][0]["Values"]
    zones = {name: ZONES[:1] if name.endswith("bedrock-runtime") else ZONES for name in names}
    return {"ServiceDetails": [{"ServiceName": name, "AvailabilityZones": zones[name]} for name in names]}


def no_kms(request: dict[str, Any]) -> dict[str, Any]:
    decisions = {name: "implicitDeny" if name == "kms:CreateKey" else "allowed" for name in request["ActionNames"]}
    return {"EvaluationResults": [{"EvalActionName": n, "EvalDecision": d} for n, d in decisions.items()]}


def no_linked_role(request: dict[str, Any]) -> Any:
    return "NoSuchEntity" if request["RoleName"].startswith("AWSServiceRole") else HEALTHY["iam.GetRole"]


def linked_denied(request: dict[str, Any]) -> dict[str, Any]:
    denied = "iam:CreateServiceLinkedRole"
    decisions = {name: "explicitDeny" if name == denied else "allowed" for name in request["ActionNames"]}
    return {"EvaluationResults": [{"EvalActionName": n, "EvalDecision": d} for n, d in decisions.items()]}


def one_vpc_quota(request: dict[str, Any]) -> dict[str, Any]:
    return {"Quota": {"Value": 1.0 if request["ServiceCode"] == "vpc" else 1000.0}}


OTHER_ROLE = {"cloudwatchRoleArn": "arn:aws:iam::123456789012:role/of-another-api"}
FEW = {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}
FAULTS: list[tuple[dict[str, Answer], str, Severity, str]] = [
    ({"ssm.GetParameter": "ParameterNotFound"}, "bootstrap", Severity.ERROR, ""),
    ({"ssm.GetParameter": {"Parameter": {"Value": "5"}}}, "bootstrap", Severity.ERROR, ""),
    ({"apigateway.GetAccount": OTHER_ROLE}, "api-logging-role", Severity.WARNING, "gateway.log_role"),
    ({"service-quotas.GetServiceQuota": one_vpc_quota}, "quota", Severity.ERROR, "network.mode"),
    ({"iam.GetAccountSummary": {"SummaryMap": {"Roles": 990, "RolesQuota": 1000}}}, "quota", Severity.ERROR, ""),
    (
        *({"lambda.GetAccountSettings": {"AccountLimit": FEW}}, "concurrency", Severity.WARNING),
        "ingestion.max_concurrency",
    ),
    (
        *({"bedrock.GetFoundationModelAvailability": AVAILABLE | {"authorizationStatus": "NOT_AUTHORIZED"}},),
        *("model-access", Severity.ERROR, "models.default"),
    ),
    (
        *({"bedrock.GetFoundationModelAvailability": "ResourceNotFoundException"}, "model-access", Severity.ERROR),
        "models.default",
    ),
    (
        *({"bedrock.GetInferenceProfile": "ResourceNotFoundException"}, "model-access", Severity.ERROR),
        "models.default",
    ),
    (
        *({"ec2.DescribeVpcEndpointServices": few_zones}, "endpoint-zone", Severity.ERROR),
        "network.availability_zones",
    ),
    (
        *({"rds.DescribeOrderableDBInstanceOptions": {"OrderableDBInstanceOptions": []}}, "engine-version"),
        *(Severity.ERROR, "retrieval.aurora.engine_version"),
    ),
    ({"iam.SimulatePrincipalPolicy": no_kms}, "permissions", Severity.ERROR, ""),
    (
        {"iam.GetRole": no_linked_role, "iam.SimulatePrincipalPolicy": linked_denied},
        *("linked-role", Severity.ERROR, ""),
    ),
    ({"bedrock.GetInferenceProfile": "AccessDeniedException"}, "not-asked", Severity.WARNING, ""),
]


@pytest.mark.capability("O12")
@pytest.mark.parametrize(("answers", "check", "severity", "setting"), FAULTS)
def test_each_fault_of_an_account_is_found(
    prod: Any, answers: dict[str, Answer], check: str, severity: Severity, setting: str
) -> None:
    found = online(subject(prod), Account(HEALTHY | answers).client)
    assert found
    assert {(item.check, item.severity) for item in found} == {(check, severity)}, found
    assert setting in {item.setting for item in found}


@pytest.mark.capability("O12")
def test_what_is_deployed_does_not_count_again(prod: Any) -> None:
    def deployed(request: dict[str, Any]) -> dict[str, Any]:
        template = prod[request["StackName"].rsplit("-", 1)[1]]
        common = {"LastUpdatedTimestamp": "2026-01-01", "ResourceStatus": "CREATE_COMPLETE"}
        items = template["Resources"].items()
        rows = [common | {"LogicalResourceId": name, "ResourceType": item["Type"]} for name, item in items]
        return {"StackResourceSummaries": rows}

    full: dict[str, Answer] = {
        "cloudformation.ListStackResources": deployed,
        "service-quotas.GetServiceQuota": {"Quota": {"Value": 0.0}},
        "iam.GetAccountSummary": {"SummaryMap": {"Roles": 1000, "RolesQuota": 1000}},
    }
    assert online(subject(prod), Account(HEALTHY | full).client) == []


@pytest.mark.capability("O12")
def test_instances_beyond_the_quota_and_another_account_are_found(prod: Any) -> None:
    made = subject(prod, account="999999999999", region="us-east-1")
    variant = {"VariantName": "v", "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 2}
    planted = {"Type": "AWS::SageMaker::EndpointConfig", "Properties": {"ProductionVariants": [variant]}}
    made.stacks[-1].template["Resources"]["Planted"] = planted
    quota = {"QuotaName": "ml.g5.xlarge for endpoint usage", "Value": 1.0}
    answers: dict[str, Answer] = {"service-quotas.ListServiceQuotas": {"Quotas": [quota]}}
    found = online(made, Account(HEALTHY | answers).client)
    assert sorted(item.check for item in found) == ["account", "quota"]
    assert "2 wanted, 1 allowed" in next(item.what for item in found if item.check == "quota")


SUBNETS = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
IMPORTED = {"vpc_id": "vpc-0123456789abcdef0", "subnet_ids": SUBNETS, "availability_zones": ZONES[:2]}


@pytest.mark.capability("O12")
@pytest.mark.parametrize(
    ("changed", "setting"),
    [
        ({"VpcId": "vpc-0123456789abcdef9"}, "network.import.vpc_id"),
        ({"AvailabilityZone": "us-east-1c"}, "network.import.availability_zones"),
        ({"AvailableIpAddressCount": 3}, "network.import.subnet_ids"),
        ("InvalidSubnetID.NotFound", "network.import.subnet_ids"),
    ],
)
def test_subnets_that_are_not_as_the_settings_say_are_found(prod: Any, changed: Any, setting: str) -> None:
    def subnets(request: dict[str, Any]) -> Any:
        if isinstance(changed, str):
            return changed
        assert request["SubnetIds"] == SUBNETS
        rows = [
            {"SubnetId": name, "VpcId": IMPORTED["vpc_id"], "AvailabilityZone": zone, "AvailableIpAddressCount": 200}
            for name, zone in zip(SUBNETS, ZONES, strict=False)
        ]
        return {"Subnets": [rows[0] | changed, rows[1]]}

    made = subject(prod, network={"mode": "import", "import": IMPORTED})
    found = online(made, Account(HEALTHY | {"ec2.DescribeSubnets": subnets}).client)
    assert [(item.check, item.setting) for item in found] == [("subnet", setting)]


def test_every_check_of_an_account_is_in_the_list() -> None:
    assert len({check.__name__ for check in ONLINE}) == len(ONLINE)


@pytest.mark.capability("O12")
@pytest.mark.parametrize(("allowed", "found"), [(16, []), (15, ["ingestion.corpus.workers"])])
def test_spark_s_workers_are_compared_with_the_quota_of_vcpus(prod: Any, allowed: int, found: list[str]) -> None:
    made = subject(prod)
    planted = {"Type": "AWS::EMRServerless::Application", "Properties": {"MaximumCapacity": {"Cpu": "16 vCPU"}}}
    made.stacks[-1].template["Resources"]["Planted"] = planted

    def quota(request: dict[str, Any]) -> dict[str, Any]:
        return {"Quota": {"Value": float(allowed if request["ServiceCode"] == "emr-serverless" else 1000)}}

    answers: dict[str, Answer] = {"service-quotas.GetServiceQuota": quota}
    assert [item.setting for item in online(made, Account(HEALTHY | answers).client)] == found
