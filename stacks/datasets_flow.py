"""The state machine of a dataset's build: plan, collect every shard, finish. Written as Amazon States Language.

State carries names only: a shard list, an index and a dataset do not fit its 256 KiB.
Source: Step Functions developer guide, "Using Map state in Distributed mode", "ItemReader", "ResultWriter";
"Handle transient Lambda service exceptions".
"""

from typing import Any

WORK = "datasets-work"
PASSING = (
    *("Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException"),
    *("Lambda.TooManyRequestsException", "Lambda.Unknown"),
)


def definition(
    *, partition: str, plan: str, collect: str, finish: str, artifacts: str, concurrency: int
) -> dict[str, Any]:
    """Return the definition. `plan`, `collect`, `finish`: ARNs of functions; `artifacts`: the bucket's name."""
    integrations = f"arn:{partition}:states:::"
    named = {"run_id.$": "$$.Execution.Name", "recipe.$": "$"}
    return {
        "StartAt": "Plan",
        "States": {
            "Plan": _invoke(integrations, plan, named) | {"OutputPath": "$.Payload", "Next": "Collect"},
            "Collect": _map(integrations, collect, artifacts, concurrency) | {"Next": "Finish"},
            "Finish": _invoke(integrations, finish, {"run_id.$": "$.run_id"})
            | {"OutputPath": "$.Payload", "End": True},
        },
    }


def _map(integrations: str, collect: str, artifacts: str, concurrency: int) -> dict[str, Any]:
    shard = {"run_id.$": "$.run_id", "shard.$": "$.shard"}
    return {
        "Type": "Map",
        "ItemReader": {
            "Resource": f"{integrations}s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket": artifacts, "Key.$": "$.shards_key"},
        },
        "ItemSelector": {"run_id.$": "$.run_id", "shard.$": "$$.Map.Item.Value"},
        "MaxConcurrency": concurrency,
        "ItemProcessor": {
            # A shard may take longer than the five minutes of an express child.
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "CollectShard",
            "States": {
                "CollectShard": _invoke(integrations, collect, shard) | {"OutputPath": "$.Payload", "End": True}
            },
        },
        "ResultWriter": {
            "Resource": f"{integrations}s3:putObject",
            "Parameters": {"Bucket": artifacts, "Prefix.$": f"States.Format('{WORK}/{{}}/map', $.run_id)"},
        },
        "ResultPath": None,
    }


def _invoke(integrations: str, function: str, payload: dict[str, str]) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": f"{integrations}lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload": payload},
        # What is wrong with a recipe stays wrong: only Lambda's own passing errors are tried again.
        "Retry": [
            {
                "ErrorEquals": list(PASSING),
                "IntervalSeconds": 2,
                "MaxAttempts": 5,
                "BackoffRate": 2,
                "JitterStrategy": "FULL",
            }
        ],
    }
