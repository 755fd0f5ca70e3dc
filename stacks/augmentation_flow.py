"""The state machine of a run of augmentation: plan, each object, report. Written as Amazon States Language.

Source: Step Functions developer guide, "Using Map state in Distributed mode", "ItemReader", "Tolerated failure
threshold".
"""

from typing import Any

THROTTLED = ["Lambda.ServiceException", "Lambda.TooManyRequestsException", "Lambda.Unknown"]


def definition(
    *, partition: str, functions: dict[str, str], artifacts: str, concurrency: int, tolerated_percent: int
) -> dict[str, Any]:
    """Return the definition. `functions`: ARNs of plan, augment and report; `artifacts`: the bucket's name."""
    integrations = f"arn:{partition}:states:::"

    def invoke(name: str) -> dict[str, Any]:
        return _invoke(integrations, functions[name])

    each = {
        "Type": "Map",
        "ItemReader": {
            "Resource": f"{integrations}s3:getObject",
            "ReaderConfig": {"InputType": "JSON", "ItemsPointer": "/items"},
            "Parameters": {"Bucket": artifacts, "Key.$": "$.plan_key"},
        },
        "ItemSelector": {"run_id.$": "$.run_id", "prefix.$": "$.prefix", "item.$": "$$.Map.Item.Value"},
        "MaxConcurrency": concurrency,
        "ToleratedFailurePercentage": tolerated_percent,
        "ItemProcessor": {
            # A model that is throttled keeps a document for longer than the five minutes of an express child.
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "AugmentObject",
            "States": {"AugmentObject": invoke("augment") | {"End": True}},
        },
        "ResultPath": None,
        "Next": "Report",
    }
    return {
        "StartAt": "Plan",
        "States": {
            "Plan": invoke("plan") | {"Next": "EachObject"},
            "EachObject": each,
            "Report": invoke("report") | {"End": True},
        },
    }


def _invoke(integrations: str, function: str) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": f"{integrations}lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload.$": "$"},
        "OutputPath": "$.Payload",
        "Retry": [
            {
                "ErrorEquals": THROTTLED,
                "IntervalSeconds": 2,
                "MaxAttempts": 5,
                "BackoffRate": 2,
                "JitterStrategy": "FULL",
            },
            # What is asked wrongly is wrong the second time too.
            {"ErrorEquals": ["ValueError", "ValidationError"], "MaxAttempts": 0},
            {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 5, "MaxAttempts": 2, "BackoffRate": 2},
        ],
    }
