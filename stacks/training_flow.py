"""The state machine of a fine-tuning run. Written as Amazon States Language.

    Prepare → Train → Match → Evaluate → Gate → Collect → Passed → Approve → Approved → Register
                                                             ↘ Refuse  ↘ Expire   ↘ Reject

Evaluate is one processing job in which candidate and production answer the same items.
What fails is not caught: the execution fails where it failed, and a redrive goes on from there; a training job then
goes on from its checkpoints.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RUN = "$$.Execution.Name"
# A job's name is taken for ever: a redriven run makes another, in training with the same checkpoints.
NUMBERED = f"States.Format('{{}}-{{}}', {RUN}, $$.Execution.RedriveCount)"
REPORTS, CODE = "/opt/ml/processing/output", "/opt/ml/processing/input/code"
NEVER = ("TrainingRefusedError", "RecipeError", "ApprovalRefused", "GateRefusedError", "ValidationError")
RETRY = [
    {
        "ErrorEquals": ["Lambda.ServiceException", "Lambda.TooManyRequestsException", "Lambda.Unknown"],
        "IntervalSeconds": 2,
        "MaxAttempts": 5,
        "BackoffRate": 2,
        "JitterStrategy": "FULL",
    },
    # A run that cannot work never will; the timeout of the state that waits is no failure.
    {"ErrorEquals": [*NEVER, "States.Timeout"], "MaxAttempts": 0},
    {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 5, "MaxAttempts": 2, "BackoffRate": 2},
]


@dataclass(frozen=True, kw_only=True)
class Flow:
    """What the state machine calls: functions by ARN.

    `job`, `evaluation`: the members of every CreateTrainingJob and CreateProcessingJob alike.
    """

    partition: str
    step: str
    gate: str
    release: str
    job: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    approval_seconds: int

    def definition(self) -> dict[str, Any]:
        """Return the definition."""
        ends = {name: self._release(name.lower()) for name in ("Refuse", "Expire", "Reject", "Register")}
        return {
            "StartAt": "Prepare",
            "States": {
                "Prepare": self._step("prepare") | {"OutputPath": "$.Payload", "Next": "Train"},
                "Train": self._train(),
                "Match": self._step("match") | {"OutputPath": "$.Payload", "Next": "Evaluate"},
                "Evaluate": self._evaluate(),
                "Gate": self._gate(),
                "Collect": self._step("collect") | {"OutputPath": "$.Payload", "Next": "Passed"},
                "Passed": _choice("$.gate.passed", "BooleanEquals", value=True, then="Approve", otherwise="Refuse"),
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
                "TrainingJobName.$": NUMBERED,
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
            "Next": "Match",
        }

    def _evaluate(self) -> dict[str, Any]:
        fixed = dict(self.evaluation)
        key, image = fixed.pop("KmsKeyId", None), fixed.pop("ImageUri")
        place = {"S3Uri.$": "$.comparison.output", "LocalPath": REPORTS, "S3UploadMode": "EndOfJob"}
        outputs = {"Outputs": [{"OutputName": "reports", "S3Output": place}]}
        return {
            "Type": "Task",
            "Resource": f"arn:{self.partition}:states:::sagemaker:createProcessingJob.sync",
            "Parameters": {
                "ProcessingJobName.$": NUMBERED,
                **fixed,
                "AppSpecification": {
                    "ImageUri": image,
                    "ContainerEntrypoint": ["python3", f"{CODE}/start.py", "job/evaluate.py"],
                    "ContainerArguments.$": "$.comparison.arguments",
                },
                "ProcessingInputs.$": "$.comparison.inputs",
                "ProcessingOutputConfig": outputs | ({"KmsKeyId": key} if key else {}),
            },
            "ResultSelector": {"job.$": "$.ProcessingJobName"},
            "ResultPath": "$.evaluated",
            "Next": "Gate",
        }

    def _gate(self) -> dict[str, Any]:
        return {
            "Type": "Task",
            "Resource": f"arn:{self.partition}:states:::lambda:invoke",
            "Parameters": {"FunctionName": self.gate, "Payload.$": "$.comparison.gate"},
            "Retry": RETRY,
            "ResultSelector": {"decision.$": "$.Payload"},
            "ResultPath": "$.gate",
            "Next": "Collect",
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
