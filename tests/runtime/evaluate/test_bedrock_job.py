"""The request of a Bedrock evaluation job, held against botocore's shapes.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateEvaluationJob.html
"""

import json
import re

import botocore.session
import pytest
from botocore.validate import ParamValidator

from slipway_runtime.evaluate.bedrock_job import Answered, BedrockEvaluation, dataset, request

ASKED = BedrockEvaluation(
    role_arn="arn:aws:iam::123456789012:role/evaluation",
    evaluator_model="anthropic.claude-sonnet-4-20250514-v1:0",
    output_s3_uri="s3://artifacts/evaluations/7/",
    kms_key_arn="arn:aws:kms:us-east-1:123456789012:key/8d3bc2f4-1111-4222-8333-0123456789ab",
)


def test_the_request_is_of_the_services_shape() -> None:
    shape = (
        botocore.session.get_session().get_service_model("bedrock").operation_model("CreateEvaluationJob").input_shape
    )
    made = request("fine-tune-7", "candidate", "s3://artifacts/evaluations/7/items.jsonl", ASKED)
    report = ParamValidator().validate(made, shape)
    assert not report.has_errors(), report.generate_report()
    # The validator looks at no pattern.
    assert re.fullmatch(shape.members["jobName"].metadata.get("pattern", ".*"), made["jobName"])


def test_the_dataset_holds_the_answers_made_elsewhere() -> None:
    lines = dataset("candidate", [Answered("Why?", "rain", "because"), Answered("Who?", "", "me")]).splitlines()
    first, second = map(json.loads, lines)
    assert first == {
        "prompt": "Why?",
        "referenceResponse": "rain",
        "modelResponses": [{"response": "because", "modelIdentifier": "candidate"}],
    }
    assert "referenceResponse" not in second


def test_what_the_service_would_refuse_is_refused_here() -> None:
    with pytest.raises(ValueError, match=r"Builtin\.Charm"):
        BedrockEvaluation(role_arn="r", evaluator_model="m", output_s3_uri="s3://x/", metrics=("Builtin.Charm",))
    with pytest.raises(ValueError, match="1 to 1000 prompts"):
        dataset("m", [])
