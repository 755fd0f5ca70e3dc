"""A Bedrock evaluation job that judges answers made elsewhere: its data set and its request.

Sources: https://docs.aws.amazon.com/bedrock/latest/userguide/model-evaluation-prompt-datasets-judge.html and
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateEvaluationJob.html
"""

from collections.abc import Iterable
from typing import Any

import msgspec

MAX_PROMPTS = 1_000
METRICS = (
    *("Builtin.Correctness", "Builtin.Completeness", "Builtin.Faithfulness", "Builtin.Helpfulness"),
    *("Builtin.Coherence", "Builtin.Relevance", "Builtin.FollowingInstructions"),
    *("Builtin.ProfessionalStyleAndTone", "Builtin.Harmfulness", "Builtin.Stereotyping", "Builtin.Refusal"),
)


class BedrockEvaluation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a job needs: the role it acts as, who judges, by which metrics, and where its results go."""

    role_arn: str
    evaluator_model: str
    output_s3_uri: str
    metrics: tuple[str, ...] = ("Builtin.Correctness", "Builtin.Helpfulness", "Builtin.Harmfulness")
    kms_key_arn: str = ""

    def __post_init__(self) -> None:
        unknown = sorted(set(self.metrics) - set(METRICS))
        if unknown or not self.metrics:
            raise ValueError(f"metrics: expected some of {', '.join(METRICS)}, got {', '.join(unknown) or 'none'}")


class Answered(msgspec.Struct, frozen=True):
    """A prompt, a right answer or "", and the model's answer."""

    prompt: str
    reference: str
    answer: str


def dataset(source: str, answered: Iterable[Answered]) -> bytes:
    """Return the job's data set, JSONL. `source` names the model. Raises: ValueError for none, or over MAX_PROMPTS."""
    lines = [
        {
            "prompt": each.prompt,
            **({"referenceResponse": each.reference} if each.reference else {}),
            "modelResponses": [{"response": each.answer, "modelIdentifier": source}],
        }
        for each in answered
    ]
    if not 1 <= len(lines) <= MAX_PROMPTS:
        raise ValueError(
            f"a Bedrock evaluation job takes 1 to {MAX_PROMPTS} prompts, got {len(lines)}; sample the items"
        )
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


def request(name: str, source: str, dataset_s3_uri: str, asked: BedrockEvaluation) -> dict[str, Any]:
    """Return the request of CreateEvaluationJob; equal names make one job."""
    judged = {
        "taskType": "Custom",
        "dataset": {"name": "items", "datasetLocation": {"s3Uri": dataset_s3_uri}},
        "metricNames": list(asked.metrics),
    }
    judge = {"bedrockEvaluatorModels": [{"modelIdentifier": asked.evaluator_model}]}
    return {
        "jobName": name,
        "clientRequestToken": name,
        "roleArn": asked.role_arn,
        "applicationType": "ModelEvaluation",
        "evaluationConfig": {"automated": {"datasetMetricConfigs": [judged], "evaluatorModelConfig": judge}},
        "inferenceConfig": {"models": [{"precomputedInferenceSource": {"inferenceSourceIdentifier": source}}]},
        "outputDataConfig": {"s3Uri": asked.output_s3_uri},
        **({"customerEncryptionKeyId": asked.kms_key_arn} if asked.kms_key_arn else {}),
    }
