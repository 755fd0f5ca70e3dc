"""The state machine of a fine-tuning run. Written as Amazon States Language.

    Prepare → Train → Evaluate → Gate → Approve → Approved → Register
                                   ↘ Refuse   ↘ Expire  ↘ Reject

What fails is not caught: the execution fails where it failed, and a redrive goes on from there; a training job then
goes on from its checkpoints.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RUN = "$$.Execution.Name"
RETRY = [
    {
        "ErrorEquals": ["Lambda.ServiceException", "Lambda.TooManyRequestsException", "Lambda.Unknown"],
        "IntervalSeconds": 2,
        "MaxAttempts": 5,
        "BackoffRate": 2,
        "JitterStrategy": "FULL",
    },
    # A run that cannot work never will; the timeout of the state that waits is no failure.
    {"ErrorEquals": ["TrainingRefusedError", "RecipeError", "ApprovalRefused", "States.Timeout"], "MaxAttempts": 0},
    {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 5, "MaxAttempts": 2, "BackoffRate": 2},
]


@dataclass(frozen=True, kw_only=True)
class Flow:
    """What the state machine calls: functions by ARN. `job`: the members of every CreateTrainingJob alike."""

    partition: str
    step: str
    release: str
    job: Mapping[str, Any]
    approval_seconds: int

    def definition(self) -> dict[str, Any]:
        """Return the definition."""
        ends = {name: self._release(name.lower()) for name in ("Refuse", "Expire", "Reject", "Register")}
        return {
            "StartAt": "Prepare",
            "States": {
                "Prepare": self._step("prepare") | {"OutputPath": "$.Payload", "Next": "Train"},
                "Train": self._train(),
                "Evaluate": self._step("evaluate")
                | {
                    "ResultSelector": {"found.$": "$.Payload"},
                    "ResultPath": "$.evaluated",
                    "Next": "Gather",
                },
                "Gather": {
                    "Type": "Pass",
                    "Parameters": {"whole.$": "States.JsonMerge($, $.evaluated.found, false)"},
                    "OutputPath": "$.whole",
                    "Next": "Gate",
                },
                "Gate": _choice("$.gate.passed", "BooleanEquals", value=True, then="Approve", otherwise="Refuse"),
                "Approve": self._approve(),
                "Approved": _choice(
                    "$.approval.decision", "StringEquals", value="approved", then="Register", otherwise="Reject"
                ),
                **ends,
            },
        }

    def _step(self, step: str) -> dict[str, Any]:
        return self._invoke(self.step, step)

    def _release(self, step: str) -> dict[str, Any]:
        return self._invoke(self.release, step) | {"OutputPath": "$.Payload", "End": True}

    def _invoke(self, function: str, step: str, pattern: str = "", **more: str) -> dict[str, Any]:
        payload = {"step": step, "run_id.$": RUN, "state.$": "$", **more}
        return {
            "Type": "Task",
            "Resource": f"arn:{self.partition}:states:::lambda:invoke{pattern}",
            "Parameters": {"FunctionName": function, "Payload": payload},
            "Retry": RETRY,
        }

    def _train(self) -> dict[str, Any]:
        given = ("HyperParameters", "InputDataConfig", "Environment")
        varying: dict[str, Any] = {f"{name}.$": f"$.training.{name}" for name in given}
        key = {"KmsKeyId": self.job["KmsKeyId"]} if "KmsKeyId" in self.job else {}
        fixed = {name: value for name, value in self.job.items() if name != "KmsKeyId"}
        return {
            "Type": "Task",
            "Resource": f"arn:{self.partition}:states:::sagemaker:createTrainingJob.sync",
            "Parameters": {
                # A job's name is taken for ever: a redriven run makes another, with the same checkpoints.
                "TrainingJobName.$": f"States.Format('{{}}-{{}}', {RUN}, $$.Execution.RedriveCount)",
                **varying,
                **fixed,
                "OutputDataConfig": {"S3OutputPath.$": "$.training.Output", **key},
                "CheckpointConfig": {"S3Uri.$": "$.training.Checkpoints"},
            },
            "ResultSelector": {
                "job.$": "$.TrainingJobName",
                "model.$": "$.ModelArtifacts.S3ModelArtifacts",
                "image.$": "$.AlgorithmSpecification.TrainingImage",
                "billable_seconds.$": "$.BillableTimeInSeconds",
            },
            "ResultPath": "$.trained",
            "Next": "Evaluate",
        }

    def _approve(self) -> dict[str, Any]:
        token = {"token.$": "$$.Task.Token"}
        return self._invoke(self.release, "ask", ".waitForTaskToken", **token) | {
            "TimeoutSeconds": self.approval_seconds,
            "ResultPath": "$.approval",
            "Catch": [{"ErrorEquals": ["States.Timeout"], "ResultPath": None, "Next": "Expire"}],
            "Next": "Approved",
        }


def _choice(variable: str, operator: str, *, value: Any, then: str, otherwise: str) -> dict[str, Any]:
    rule = {"Variable": variable, operator: value, "Next": then}
    return {"Type": "Choice", "Choices": [rule], "Default": otherwise}
