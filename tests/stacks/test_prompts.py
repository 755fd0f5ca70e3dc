"""The mirror of prompts: what it may do, what it is given, what watches it, and that off makes nothing."""

import json
from typing import Any

import pytest

from slipway_constructs.private_network import CONSTRUCT_IDS

pytestmark = pytest.mark.capability("P1")


def test_the_mirror_may_touch_prompts_alone(environments: dict[str, Any]) -> None:
    staging = environments["staging"]
    statements = [
        statement
        for item in staging.of("prompts", "AWS::IAM::Policy")
        for statement in item["Properties"]["PolicyDocument"]["Statement"]
        if "bedrock:" in json.dumps(statement["Action"])
    ]
    # CreatePrompt names no resource.
    # Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
    by_resource = {
        json.dumps(each["Resource"])[-13:]: {action for action in each["Action"] if "bedrock:" in action}
        for each in statements
    }
    others = ("CreatePromptVersion", "DeletePrompt", "ListPrompts", "UpdatePrompt")
    assert by_resource == {'"*"': {"bedrock:CreatePrompt"}, ':prompt/*"]]}': {f"bedrock:{call}" for call in others}}
    assert {"kms:Decrypt", "kms:GenerateDataKey"} <= staging.allowed("prompts", "MirrorRole")
    variables = staging.function("prompts", "prompt_mirror")["Environment"]["Variables"]
    assert {"PROMPTS_TABLE", "PROMPTS_KEY_ARN", "SLIPWAY_ENVIRONMENT"} <= set(variables)


def test_it_follows_versions_and_labels_and_gives_up_into_a_queue_that_is_watched(environments: dict[str, Any]) -> None:
    staging = environments["staging"]
    mappings = [each["Properties"] for each in staging.of("prompts", "AWS::Lambda::EventSourceMapping")]
    patterns = [json.loads(each["FilterCriteria"]["Filters"][0]["Pattern"]) for each in mappings]
    items = [pattern["dynamodb"]["Keys"]["item"]["S"] for pattern in patterns]
    # A third reader of a shard would be throttled.
    # Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
    assert items == [[{"prefix": "count#"}], [{"prefix": "version#"}, {"prefix": "label#"}]]
    assert all(each["MaximumRetryAttempts"] and each["DestinationConfig"]["OnFailure"] for each in mappings)
    alarms = [each["Properties"] for each in staging.of("observability", "AWS::CloudWatch::Alarm")]
    assert [each["Threshold"] for each in alarms if each.get("MetricName") == "PromptsNotMirrored"] == [0]
    described = " ".join(str(each["AlarmDescription"]) for each in alarms)
    assert {"PromptMirror:", "PromptsLeft:", "PromptsNotMirrored:"} <= set(described.split())


def test_a_private_network_reaches_bedrocks_prompts(environments: dict[str, Any]) -> None:
    assert "bedrock-agent" in CONSTRUCT_IDS
    endpoints = environments["staging"].of("network", "AWS::EC2::VPCEndpoint")
    (policy,) = [
        each["Properties"]["PolicyDocument"]
        for each in endpoints
        if json.dumps(each["Properties"]["ServiceName"]).endswith('.bedrock-agent"]]}')
    ]
    assert "bedrock:CreatePromptVersion" in policy["Statement"][0]["Action"]


def test_off_makes_nothing(prod: Any) -> None:
    assert "Mirror" not in json.dumps(prod.of("prompts", "AWS::Lambda::Function"))
    assert len(prod.of("prompts", "AWS::Lambda::EventSourceMapping")) == 1
    assert "bedrock-agent" not in json.dumps(prod.of("network", "AWS::EC2::VPCEndpoint"))
    assert "PROMPTS_MIRROR" not in prod.function("gateway", "prompts")["Environment"]["Variables"]
