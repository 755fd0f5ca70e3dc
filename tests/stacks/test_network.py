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
