"""The state machine of a run over the corpus: which engine, then the report. Written as Amazon States Language.

Source: Step Functions developer guide, "Using Map state in Distributed mode", "ItemBatcher", "ResultWriter".
"""

from typing import Any

ITEMS_PER_BATCH = 20
JOB_OUTPUT = "corpus-runs"


def definition(
    *, partition: str, curate: str | None, report: str, raw: str, curated: str, concurrency: int, job: str | None
) -> dict[str, Any]:
    """Return the definition; the engines that are off lead to a failure that says so.

    `curate`, `report`: ARNs of functions; `job`: the Glue job's name.
    """
    integrations = f"arn:{partition}:states:::"
    states: dict[str, Any] = {
        "Engine": {
            "Type": "Choice",
            "Choices": [
                *([{"Variable": "$.via", "StringEquals": "map", "Next": "Map"}] if curate else []),
                *([{"Variable": "$.via", "StringEquals": "spark", "Next": "Spark"}] if job else []),
            ],
            "Default": "EngineIsOff",
        },
        "EngineIsOff": {
            "Type": "Fail",
            "Error": "EngineIsOff",
            "Cause": "ingestion.corpus of the environment file does not switch on the engine that `via` names.",
        },
        "Report": _invoke(integrations, report, "$", ends=True) | {"OutputPath": "$.Payload"},
    }
    if curate:
        states["Map"] = _map(integrations, curate, raw, curated, concurrency)
    if job:
        states["Spark"] = _spark(integrations, job)
    return {"StartAt": "Engine", "States": states}


def _map(integrations: str, curate: str, raw: str, curated: str, concurrency: int) -> dict[str, Any]:
    return {
        "Type": "Map",
        "ItemReader": {
            "Resource": f"{integrations}s3:listObjectsV2",
            "Parameters": {"Bucket": raw, "Prefix.$": "$.prefix"},
        },
        "ItemBatcher": {
            "MaxItemsPerBatch": ITEMS_PER_BATCH,
            "BatchInput": {"run_id.$": "$.run_id", "date.$": "$.date"},
        },
        "MaxConcurrency": concurrency,
        "ItemProcessor": {
            # A batch of slow documents takes longer than the five minutes of an express child.
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "CurateBatch",
            "States": {"CurateBatch": _invoke(integrations, curate, "$", ends=True) | {"OutputPath": "$.Payload"}},
        },
        "ResultWriter": {
            "Resource": f"{integrations}s3:putObject",
            "Parameters": {"Bucket": curated, "Prefix.$": f"States.Format('{JOB_OUTPUT}/{{}}/map', $.run_id)"},
        },
        "ResultPath": None,
        "Next": "Report",
    }


def _spark(integrations: str, job: str) -> dict[str, Any]:
    arguments = {"--run-id.$": "$.run_id", "--date.$": "$.date", "--prefix.$": "$.prefix"}
    return {
        "Type": "Task",
        "Resource": f"{integrations}glue:startJobRun.sync",
        "Parameters": {"JobName": job, "Arguments": arguments},
        "ResultPath": None,
        "Next": "Report",
    }


def _invoke(integrations: str, function: str, payload: str, *, ends: bool) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": f"{integrations}lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload.$": payload},
        "Retry": [
            {
                "ErrorEquals": ["Lambda.ServiceException", "Lambda.TooManyRequestsException", "Lambda.Unknown"],
                "IntervalSeconds": 2,
                "MaxAttempts": 5,
                "BackoffRate": 2,
                "JitterStrategy": "FULL",
            },
            {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 5, "MaxAttempts": 2, "BackoffRate": 2},
        ],
        "End": ends,
    }
