"""The state machine of an evaluation: plan, each question, report. Written as Amazon States Language.

Only numbers pass between the states: questions and rows lie in the bucket. Of an inline map 1,000 questions make some
8,000 events of history, of the 25,000 that an execution may have.
Source: Step Functions developer guide, "Using Map state in Inline mode"; Service quotas.
"""

from typing import Any

THROTTLED = ["Lambda.ServiceException", "Lambda.TooManyRequestsException", "Lambda.Unknown"]
# What is asked wrongly, or judged by a model that cannot, is wrong the second time too.
FINAL = ["ValueError", "ValidationError", "InvalidQuestions", "JudgeUnfit", "InvalidFilter"]
PASSED_ON = ("tenant", "run_id", "answers", "judge", "model")


def definition(*, partition: str, functions: dict[str, str], concurrency: int) -> dict[str, Any]:
    """Return the definition. `functions`: ARNs of plan, question and report."""
    integration = f"arn:{partition}:states:::lambda:invoke"
    each = {
        "Type": "Map",
        "ItemsPath": "$.numbers",
        "ItemSelector": {f"{name}.$": f"$.{name}" for name in PASSED_ON} | {"number.$": "$$.Map.Item.Value"},
        "MaxConcurrency": concurrency,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": "Question",
            "States": {"Question": _invoke(integration, functions["question"]) | {"End": True}},
        },
        "ResultPath": None,
        "Next": "Report",
    }
    return {
        "StartAt": "Plan",
        "States": {
            "Plan": _invoke(integration, functions["plan"]) | {"Next": "EachQuestion"},
            "EachQuestion": each,
            "Report": _invoke(integration, functions["report"]) | {"End": True},
        },
    }


def _invoke(integration: str, function: str) -> dict[str, Any]:
    throttled = {
        "ErrorEquals": THROTTLED,
        "IntervalSeconds": 2,
        "MaxAttempts": 5,
        "BackoffRate": 2,
        "JitterStrategy": "FULL",
    }
    return {
        "Type": "Task",
        "Resource": integration,
        "Parameters": {"FunctionName": function, "Payload.$": "$"},
        "OutputPath": "$.Payload",
        "Retry": [
            throttled,
            {"ErrorEquals": FINAL, "MaxAttempts": 0},
            {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 5, "MaxAttempts": 3, "BackoffRate": 2},
        ],
    }
