"""The state machine of generations of the index. Written as Amazon States Language.

    Act → Next → Rebuild (each document of the curated bucket) → Built
              ↘ Grace → Remove
              ↘ Done

A run that fails is redriven: the map goes on with the batches that are not done. Children return nothing, since what
they return together may be 256 KiB: two bytes of each of 131,000 batches, 2.6 million documents.
Source: Step Functions developer guide, "Using Map state in Distributed mode", "Redriving Map Runs", "Service quotas".
"""

from typing import Any

BATCH_DOCUMENTS = 20
FOLDER = "curated/"
THROTTLED = ["Lambda.ServiceException", "Lambda.TooManyRequestsException"]
# What is refused now is refused in a minute too.
FINAL = ["Refused", "ValidationError", "MissingSetting", "WrongDimensions"]


def definition(*, partition: str, reindex: str, rebuild: str, curated: str, concurrency: int) -> dict[str, Any]:
    """Return the definition. `reindex`, `rebuild`: ARNs of functions; `curated`: the bucket's name."""
    integrations = f"arn:{partition}:states:::"
    step = {"asked.$": "$", "execution.$": "$$.Execution.Id"}
    built = {"asked": {"action": "built", "generation.$": "$.generation"}, "execution.$": "$$.Execution.Id"}
    return {
        "StartAt": "Act",
        "States": {
            "Act": _invoke(integrations, reindex, step) | {"OutputPath": "$.Payload", "Next": "Next"},
            "Next": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.next", "StringEquals": "build", "Next": "Rebuild"},
                    {"Variable": "$.next", "StringEquals": "remove", "Next": "Grace"},
                ],
                "Default": "Done",
            },
            "Rebuild": _map(integrations, rebuild, curated, concurrency) | {"Next": "Built"},
            "Built": _invoke(integrations, reindex, built) | {"OutputPath": "$.Payload", "Next": "Done"},
            "Grace": {"Type": "Wait", "SecondsPath": "$.grace_seconds", "Next": "Remove"},
            "Remove": _invoke(integrations, reindex, step) | {"OutputPath": "$.Payload", "Next": "Done"},
            "Done": {"Type": "Succeed"},
        },
    }


def _map(integrations: str, rebuild: str, curated: str, concurrency: int) -> dict[str, Any]:
    batch = _invoke(integrations, rebuild, {"BatchInput.$": "$.BatchInput", "Items.$": "$.Items"})
    return {
        "Type": "Map",
        "Label": "rebuild",
        "ItemReader": {
            "Resource": f"{integrations}s3:listObjectsV2",
            "Parameters": {"Bucket": curated, "Prefix": FOLDER},
        },
        "ItemBatcher": {"MaxItemsPerBatch": BATCH_DOCUMENTS, "BatchInput": {"generation.$": "$.generation"}},
        "MaxConcurrency": concurrency,
        "ItemProcessor": {
            # Large documents take longer than the five minutes of an express child.
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Batch",
            "States": {
                "Batch": batch | {"OutputPath": "$.Payload", "Next": "IsDone"},
                "IsDone": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.left", "BooleanEquals": True, "Next": "Batch"}],
                    "Default": "Rebuilt",
                },
                "Rebuilt": {"Type": "Pass", "Result": 0, "End": True},
            },
        },
        "ResultPath": None,
    }


def _invoke(integrations: str, function: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": f"{integrations}lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload": payload},
        "Retry": [
            {
                "ErrorEquals": THROTTLED,
                "IntervalSeconds": 2,
                "MaxAttempts": 5,
                "BackoffRate": 2,
                "JitterStrategy": "FULL",
            },
            {"ErrorEquals": FINAL, "MaxAttempts": 0},
            {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 5, "MaxAttempts": 2, "BackoffRate": 2},
        ],
    }
