"""The state machine of a deployment. Written as Amazon States Language.

    Check → Decided → Start → Wait ⇄ Look → Finish
                  ↘ Finish

What cannot work is an outcome and is told in Finish. What fails is not caught: the execution fails where it failed, a
notice tells of it, and a redrive goes on from there. The endpoint's lock is held by the execution as long as it runs.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

from typing import Any

BUSY = "EndpointBusyError"
RETRY = [
    {
        "ErrorEquals": ["Lambda.ServiceException", "Lambda.TooManyRequestsException", "Lambda.Unknown"],
        "IntervalSeconds": 2,
        "MaxAttempts": 5,
        "BackoffRate": 2,
        "JitterStrategy": "FULL",
    },
    # One after the other: as long as the other deployment takes.
    {"ErrorEquals": [BUSY], "IntervalSeconds": 5, "MaxAttempts": 20000, "BackoffRate": 1.1, "MaxDelaySeconds": 30},
    {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 5, "MaxAttempts": 2, "BackoffRate": 2},
]


def definition(*, partition: str, function: str) -> dict[str, Any]:
    """Return the definition; `function`: ARN of the one that does the steps."""

    def task(step: str, **more: Any) -> dict[str, Any]:
        given = {"execution.$": "$$.Execution.Id", "entered_at.$": "$$.State.EnteredTime", "state.$": "$"}
        return {
            "Type": "Task",
            "Resource": f"arn:{partition}:states:::lambda:invoke",
            "Parameters": {"FunctionName": function, "Payload": {"step": step, **given}},
            "OutputPath": "$.Payload",
            "Retry": RETRY,
            **more,
        }

    undecided = {"Variable": "$.outcome", "StringEquals": ""}
    return {
        "StartAt": "Check",
        "States": {
            "Check": task("check", Next="Decided"),
            "Decided": {"Type": "Choice", "Choices": [undecided | {"Next": "Start"}], "Default": "Finish"},
            "Start": task("start", Next="Wait"),
            "Wait": {"Type": "Wait", "SecondsPath": "$.poll", "Next": "Look"},
            "Look": task("look", Next="Settled"),
            "Settled": {"Type": "Choice", "Choices": [undecided | {"Next": "Wait"}], "Default": "Finish"},
            "Finish": task("finish", End=True),
        },
    }
