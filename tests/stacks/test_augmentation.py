"""The stack of augmentation: what it makes, with which permissions, that off means nothing, and impossible settings."""

import json
from typing import Any

import pytest

from stacks.settings import Settings

pytestmark = pytest.mark.capability("D6")


def test_what_is_off_makes_nothing(dev: Any) -> None:
    assert "augmentation" not in dev


def test_staging_plans_asks_and_reports_with_a_small_budget(environments: dict[str, Any]) -> None:
    staging = environments["staging"]
    text = staging.one("augmentation", "AWS::StepFunctions::StateMachine")["DefinitionString"]
    states = json.loads("".join(part if isinstance(part, str) else "token" for part in text["Fn::Join"][1]))["States"]
    wishes = json.loads(staging.function("augmentation", "augment_object")["Environment"]["Variables"]["AUGMENTATION"])

    assert list(states) == ["Plan", "EachObject", "Report"]
    assert states["EachObject"]["MaxConcurrency"] == 5
    assert states["EachObject"]["ToleratedFailurePercentage"] == 10
    assert (wishes["max_tokens"], wishes["max_calls"], wishes["max_documents"]) == (1_000_000, 200, 100)
    assert wishes["model_id"] == "global.amazon.nova-2-lite-v1:0"


def test_each_function_is_allowed_its_part(environments: dict[str, Any]) -> None:
    staging = environments["staging"]
    logs, key = {"logs:CreateLogStream", "logs:PutLogEvents"}, {"kms:Decrypt", "kms:GenerateDataKey"}
    network = {action for action in staging.allowed("augmentation", "Plan") if action.startswith("ec2:")}
    common = logs | key | network

    assert staging.allowed("augmentation", "PlanRole") - common == {"s3:ListBucket", "s3:PutObject"}
    assert staging.allowed("augmentation", "AugmentRole") - common == {
        *("s3:GetObject", "s3:PutObject", "s3:ListBucket", "dynamodb:UpdateItem", "bedrock:InvokeModel"),
        *("comprehend:BatchDetectEntities", "comprehend:DetectEntities"),
    }
    shards = {"s3:AbortMultipartUpload", "s3:PutObject"}
    assert staging.allowed("augmentation", "ReportRole") - common == {"s3:GetObject", "s3:ListBucket", *shards}


def test_runs_and_functions_are_alarmed(environments: dict[str, Any]) -> None:
    alarms = environments["staging"].of("observability", "AWS::CloudWatch::Alarm")
    named = [json.dumps(item["Properties"].get("AlarmDescription", "")) for item in alarms]

    for part in ("Augmentation:", "AugmentationPlan:", "AugmentationAugment:", "AugmentationReport:"):
        assert any(part in name for name in named), part


def test_a_private_network_lets_comprehend_be_reached(environments: dict[str, Any]) -> None:
    endpoints = environments["staging"].of("network", "AWS::EC2::VPCEndpoint")
    found = [item for item in endpoints if "comprehend" in json.dumps(item["Properties"]["ServiceName"])]

    assert len(found) == 1
    assert "comprehend:BatchDetectEntities" in json.dumps(found[0]["Properties"]["PolicyDocument"])


MICRO = {"default": {"routes": [{"bedrock": "amazon.nova-micro-v1:0"}]}}
LLAMA = {"default": {"routes": [{"bedrock": "meta.llama3-3-70b-instruct-v1:0"}]}}
ENDPOINT = "arn:aws:comprehend:eu-west-1:123456789012:document-classifier-endpoint/tickets"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"augmentation": {"model": "missing"}}, "expected an alias of models: default, fast, smart, got missing"),
        ({"augmentation": {"enabled": True}, "models": LLAMA}, "Anthropic Claude or Amazon Nova"),
        ({"augmentation": {"captions": True}, "models": MICRO}, "takes no images"),
        ({"augmentation": {"classes": ["a", "b"], "classifier_arn": ENDPOINT}}, "nothing beside classes"),
        ({"augmentation": {"classes": ["a"]}}, "two classes or more"),
        ({"augmentation": {"classes": ["a", "a"]}}, "all different"),
        ({"augmentation": {"max_tokens": 6000}}, "may take 6448 tokens"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_a_remedy(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Settings.model_validate(settings)


def test_the_rules_know_what_a_call_takes() -> None:
    """The numbers stand in two places, since stacks import nothing of the runtime."""
    from slipway_runtime.prepare.augment.plan import call_tokens
    from slipway_runtime.prepare.augment.wishes import Wishes
    from stacks import settings_augmentation_rules as rules

    assert call_tokens(Wishes(model_id="m"), 1200) == rules.FRAME_AND_ANSWER_TOKENS + 1200 * rules.TOKENS_PER_CHARACTER
    captions = call_tokens(Wishes(model_id="m", captions=True), 1200)
    assert captions == rules.FRAME_AND_ANSWER_TOKENS + rules.IMAGE_TOKENS


def test_what_the_functions_are_told_is_read_back() -> None:
    from slipway_runtime.prepare.augment.wishes import read
    from stacks.settings_augmentation import wishes_document

    settings = Settings.model_validate({"augmentation": {"enabled": True, "classes": ["a", "b"]}})
    wishes = read(wishes_document(settings.augmentation, settings.models))
    assert wishes.classes == ("a", "b")
    assert wishes.questions == 4
