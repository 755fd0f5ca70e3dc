import json
from typing import Any

import pytest


def test_without_a_network_there_is_no_stack_and_no_function_in_a_vpc(dev: Any) -> None:
    assert "network" not in dev
    assert '"VpcConfig"' not in json.dumps(dev)


@pytest.mark.capability("O15")
def test_a_created_network_is_private_and_reaches_the_services_by_endpoints(prod: Any) -> None:
    services = {
        json.dumps(item["Properties"]["ServiceName"]).split(".")[-1].strip('"]}')
        for item in prod.of("network", "AWS::EC2::VPCEndpoint")
    }

    assert services == {
        "s3",
        "dynamodb",
        "bedrock-runtime",
        "rds-data",
        "secretsmanager",
        "sqs",
        "ssm",
        "states",
        "textract",
    }
    for kind in ("InternetGateway", "NatGateway", "Route", "EIP"):
        assert prod.of("network", f"AWS::EC2::{kind}") == []
    assert len(prod.of("network", "AWS::EC2::Subnet")) == 2
    assert prod.one("network", "AWS::EC2::FlowLog")["TrafficType"] == "ALL"


def test_endpoints_serve_this_accounts_principals_and_what_functions_do(prod: Any) -> None:
    policies = {
        json.dumps(item["Properties"]["ServiceName"]).split(".")[-1].strip('"]}'): item["Properties"].get(
            "PolicyDocument"
        )
        for item in prod.of("network", "AWS::EC2::VPCEndpoint")
    }

    assert policies.pop("s3") is None, "answers to CloudFormation go to buckets of AWS"
    for service, policy in policies.items():
        (statement,) = policy["Statement"]
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}}
        assert {action.split(":")[0] for action in actions} == {service.removesuffix("-runtime")}


def test_functions_talk_https_and_nothing_talks_to_them(prod: Any) -> None:
    groups = [item["Properties"] for item in prod.of("network", "AWS::EC2::SecurityGroup")]
    functions = next(group for group in groups if group["GroupDescription"].startswith("Functions"))

    assert "SecurityGroupIngress" not in functions
    assert [rule["ToPort"] for rule in functions["SecurityGroupEgress"]] == [443]


def test_every_function_of_a_private_environment_is_in_the_network(prod: Any) -> None:
    functions = [item["Properties"] for part in prod for item in prod.of(part, "AWS::Lambda::Function")]

    assert len(functions) >= 16
    assert all(len(function["VpcConfig"]["SubnetIds"]) == 2 for function in functions)


# Lambda itself does these for a function: it writes logs and traces, has network interfaces and reads queues. Services
# use keys for who calls them, and roles that are passed to them. S3's endpoint lets everything through.
NOT_BY_ENDPOINTS = ("logs:", "xray:", "ec2:", "kms:", "s3:", "iam:PassRole")
BY_LAMBDA = {
    *("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"),
    *("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
}


@pytest.mark.capability("O15")
@pytest.mark.parametrize("environment", ["prod", "staging"])
def test_what_functions_may_do_their_endpoints_let_through(environments: Any, environment: str) -> None:
    templates = environments[environment]
    let_through = {
        action
        for item in templates.of("network", "AWS::EC2::VPCEndpoint")
        for statement in item["Properties"].get("PolicyDocument", {}).get("Statement", [])
        for action in _listed(statement["Action"])
    }
    stopped = {
        (part, role, action)
        for part in templates
        for role in _roles_in_the_network(templates, part)
        for action in _actions(templates, part, role)
        if action not in let_through | BY_LAMBDA and not action.startswith(NOT_BY_ENDPOINTS)
    }
    assert stopped == set()


def _roles_in_the_network(templates: Any, part: str) -> set[str]:
    functions = [item["Properties"] for item in templates.of(part, "AWS::Lambda::Function")]
    return {function["Role"]["Fn::GetAtt"][0] for function in functions if "VpcConfig" in function}


def _actions(templates: Any, part: str, role: str) -> set[str]:
    attached = [item["Properties"] for item in templates.of(part, "AWS::IAM::Policy")]
    documents = [policy["PolicyDocument"] for policy in attached if {"Ref": role} in policy["Roles"]]
    return {
        action
        for document in documents
        for statement in document["Statement"]
        for action in _listed(statement["Action"])
    }


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
