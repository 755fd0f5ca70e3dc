"""Meters, keys of tenants and the user pool, as they are synthesised."""

import json
from typing import Any

import pytest


@pytest.mark.capability("S8")
@pytest.mark.capability("P10")
def test_shipped_environments_have_meters_and_keys_and_the_chat_function_may_only_add(prod: Any) -> None:
    tables = prod.of("foundation", "AWS::DynamoDB::Table")
    expiring = [each for each in tables if "TimeToLiveSpecification" in each["Properties"]]
    assert len(expiring) == 4, "prompts, meters, conversations and cache"
    functions = {
        each["Properties"]["Handler"].split(".")[-2]: each["Properties"]
        for each in prod.of("gateway", "AWS::Lambda::Function")
    }
    variables = functions["chat"]["Environment"]["Variables"]
    assert {"METERS_TABLE", "PROMPTS_TABLE"} <= set(variables)
    assert json.loads(variables["METERING"])["quotas"]["requests_per_minute"] == 1200
    assert "TENANTS_TABLE" in functions["authorize"]["Environment"]["Variables"]
    role = functions["chat"]["Role"]["Fn::GetAtt"][0]
    of_chat = [each for each in prod.of("gateway", "AWS::IAM::Policy") if {"Ref": role} in each["Properties"]["Roles"]]
    actions = json.dumps(of_chat)
    assert "dynamodb:PutItem" in actions
    assert "dynamodb:DeleteItem" not in actions
    assert "dynamodb:Scan" not in actions
