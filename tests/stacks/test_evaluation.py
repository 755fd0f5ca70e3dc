"""The stack of evaluations and what answering adds: permissions, the state machine, that off means nothing."""

import json
from typing import Any

import pytest

from stacks.settings import Settings


@pytest.mark.capability("R9")
def test_dev_evaluates_without_a_judge(dev: Any) -> None:
    text = dev.one("evaluation", "AWS::StepFunctions::StateMachine")["DefinitionString"]
    states = json.loads("".join(part if isinstance(part, str) else "token" for part in text["Fn::Join"][1]))["States"]

    assert list(states) == ["Plan", "EachQuestion", "Report"]
    assert states["EachQuestion"]["ItemProcessor"]["ProcessorConfig"] == {"Mode": "INLINE"}
    assert states["EachQuestion"]["MaxConcurrency"] == 5
    assert "JUDGE_MODEL_ID" not in dev.function("evaluation", "plan_evaluation")["Environment"]["Variables"]


@pytest.mark.capability("R9")
def test_each_function_is_allowed_its_part(dev: Any) -> None:
    logs = {"logs:CreateLogStream", "logs:PutLogEvents"}

    assert dev.allowed("evaluation", "PlanRole") - logs == {"s3:GetObject", "s3:ListBucket", "ssm:GetParameter"}
    assert dev.allowed("evaluation", "ReportRole") - logs == {"s3:GetObject", "s3:PutObject", "s3:ListBucket"}
    found = dev.allowed("evaluation", "QuestionRole") - logs
    assert {"s3:PutObject", "bedrock:InvokeModel", "rds-data:ExecuteStatement"} <= found
    assert "bedrock:Rerank" not in found


@pytest.mark.capability("R9")
def test_executions_are_alarmed(dev: Any) -> None:
    alarms = dev.of("observability", "AWS::CloudWatch::Alarm")
    described = [json.dumps(item["Properties"].get("AlarmDescription", "")) for item in alarms]

    assert any("Evaluation:" in text for text in described)
    assert any("Search:" in text for text in described)


@pytest.mark.capability("R8")
def test_staging_reranks_and_judges(environments: dict[str, Any]) -> None:
    staging = environments["staging"]
    chat = staging.function("gateway", "chat")["Environment"]["Variables"]
    policies = json.dumps(staging.of("gateway", "AWS::IAM::Policy"))
    endpoints = json.dumps(staging.of("network", "AWS::EC2::VPCEndpoint"))

    assert chat["RERANK_CANDIDATES"] == "30"
    assert "cohere.rerank-v3-5:0" in json.dumps(chat["RERANK_MODEL_ARN"])
    assert chat["REWRITE_QUESTIONS"] == "true"
    assert {"bedrock:Rerank", "bedrock:InvokeModel"} <= staging.allowed("gateway", "SearchRole")
    assert "foundation-model/cohere.rerank-v3-5:0" in policies
    assert "bedrock-agent-runtime" in endpoints
    judge = staging.function("evaluation", "plan_evaluation")["Environment"]["Variables"]["JUDGE_MODEL_ID"]
    assert judge == "global.amazon.nova-2-lite-v1:0"


@pytest.mark.capability("R9")
def test_off_makes_nothing(environments: dict[str, Any]) -> None:
    prod = environments["prod"]

    assert "evaluation" not in prod
    assert "bedrock-agent-runtime" not in json.dumps(prod.of("network", "AWS::EC2::VPCEndpoint"))


@pytest.mark.capability("R9")
@pytest.mark.parametrize(
    ("models", "judge", "said"),
    [
        ({}, "other", "an alias of models"),
        ({"other": {"routes": [{"bedrock": "meta.llama3-1-8b-instruct-v1:0"}]}}, "other", "made to call a tool"),
    ],
)
def test_an_impossible_judge_is_refused(models: dict[str, Any], judge: str, said: str) -> None:
    known = {"default": {"routes": [{"bedrock": "amazon.nova-micro-v1:0"}]}} | models
    with pytest.raises(ValueError, match=said):
        Settings.model_validate({"models": known, "evaluation": {"judge": judge}})
