"""The state machine of a run over the corpus, by one engine or the other. Written as Amazon States Language.

    Defaults → Begin → MayBegin, or InvalidRun
    → Engine → IsAny → Curate → Compare → MayPublish → Publish → Report → IsHeld → Finished, or NeedsDecision
            ↘ Spark, which does these four ------------↗

Source: Step Functions developer guide, "Using Map state in Distributed mode", "ItemBatcher", "ResultWriter".
"""

from dataclasses import dataclass
from typing import Any

JOB_OUTPUT, STAGED = "corpus-runs", "corpus-staged"
PARTS_PER_BATCH = 10
DEFAULTS = '{"prefix":"","acknowledged":""}'


@dataclass(frozen=True, kw_only=True)
class Flow:
    """What the state machine calls: functions by ARN, `spark` by its states; an engine that is off is None.

    `curated`: name of the bucket. `batch_documents`: documents of a child of the map.
    """

    partition: str
    begin: str
    curate: str | None
    compare: str | None
    publish: str | None
    report: str
    spark: dict[str, Any] | None
    curated: str
    concurrency: int
    batch_documents: int

    def definition(self) -> dict[str, Any]:
        """Return the definition; the engines that are off lead to a failure that says so."""
        states = self._opening() | self._engines() | self._ending()
        return {"StartAt": "Defaults", "States": states}

    def _opening(self) -> dict[str, Any]:
        return {
            "Defaults": {
                "Type": "Pass",
                "Parameters": {"run.$": f"States.JsonMerge(States.StringToJson('{DEFAULTS}'), $, false)"},
                "OutputPath": "$.run",
                "Next": "Begin",
            },
            "Begin": self._begin(),
            "MayBegin": {
                "Type": "Choice",
                "Choices": [_when("$.begun.refused", "", "Engine")],
                "Default": "InvalidRun",
            },
            "InvalidRun": {"Type": "Fail", "Error": "InvalidRun", "CausePath": "$.begun.refused"},
        }

    def _engines(self) -> dict[str, Any]:
        states: dict[str, Any] = {
            "Engine": {
                "Type": "Choice",
                "Choices": [
                    *([_when("$.via", "map", "IsAny")] if self.curate else []),
                    *([_when("$.via", "spark", "Spark")] if self.spark else []),
                ],
                "Default": "EngineIsOff",
            },
            "EngineIsOff": {
                "Type": "Fail",
                "Error": "EngineIsOff",
                "Cause": "ingestion.corpus of the environment file does not switch on the engine that `via` names.",
            },
        }
        if self.curate and self.compare and self.publish:
            states |= self._by_map(self.curate, self.compare, self.publish)
        return states | (self.spark or {})

    def _ending(self) -> dict[str, Any]:
        return {
            "Report": self._invoke(self.report) | {"OutputPath": "$.Payload", "Next": "IsHeld"},
            "IsHeld": {
                "Type": "Choice",
                "Choices": [_when("$.state", "held", "NeedsDecision")],
                "Default": "Finished",
            },
            "NeedsDecision": {"Type": "Fail", "Error": "NeedsDecision", "CausePath": "$.cause"},
            "Finished": {"Type": "Succeed"},
        }

    def _begin(self) -> dict[str, Any]:
        return self._invoke(self.begin) | {
            "Parameters": {
                "FunctionName": self.begin,
                "Payload": {"execution.$": "$$.Execution.Id", "run.$": "$"},
            },
            "ResultSelector": {"refused.$": "$.Payload.refused", "listed.$": "$.Payload.listed"},
            "ResultPath": "$.begun",
            "Next": "MayBegin",
        }

    def _by_map(self, curate: str, compare: str, publish: str) -> dict[str, Any]:
        staged = {
            "Resource": f"{self._integrations}s3:listObjectsV2",
            "Parameters": {"Bucket": self.curated, "Prefix.$": f"States.Format('{STAGED}/{{}}/index/', $.run_id)"},
        }
        listed = {
            "Resource": f"{self._integrations}s3:getObject",
            "ReaderConfig": {"InputType": "JSONL"},
            "Parameters": {
                "Bucket": self.curated,
                "Key.$": f"States.Format('{JOB_OUTPUT}/{{}}/listed.jsonl', $.run_id)",
            },
        }
        return {
            "IsAny": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.begun.listed", "NumericEquals": 0, "Next": "Compare"}],
                "Default": "Curate",
            },
            "Curate": self._map(listed, self.batch_documents, curate, "curate") | {"Next": "Compare"},
            "Compare": self._invoke(compare) | {"ResultPath": "$.comparison", "Next": "MayPublish"},
            "MayPublish": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.comparison.Payload.held", "NumericGreaterThan": 0, "Next": "Report"}],
                "Default": "Publish",
            },
            "Publish": self._map(staged, PARTS_PER_BATCH, publish, "publish") | {"Next": "Report"},
        }

    def _map(self, reader: dict[str, Any], batch: int, function: str, name: str) -> dict[str, Any]:
        """Return a map over what its reader finds; a slow batch takes longer than the minutes of an express child.

        What a batch had no time for comes back as a batch.
        """
        return {
            "Type": "Map",
            "Label": name,
            "ItemReader": reader,
            "ItemBatcher": {
                "MaxItemsPerBatch": batch,
                "BatchInput": {"run_id.$": "$.run_id", "date.$": "$.date"},
            },
            "MaxConcurrency": self.concurrency,
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Batch",
                "States": {
                    "Batch": self._invoke(function) | {"OutputPath": "$.Payload", "Next": "IsWhole"},
                    "IsWhole": {
                        "Type": "Choice",
                        "Choices": [{"Variable": "$.Items", "IsPresent": True, "Next": "Batch"}],
                        "Default": "Whole",
                    },
                    "Whole": {"Type": "Succeed"},
                },
            },
            "ResultWriter": {
                "Resource": f"{self._integrations}s3:putObject",
                "Parameters": {
                    "Bucket": self.curated,
                    "Prefix.$": f"States.Format('{JOB_OUTPUT}/{{}}/{name}', $.run_id)",
                },
            },
            "ResultPath": None,
        }

    @property
    def _integrations(self) -> str:
        return f"arn:{self.partition}:states:::"

    def _invoke(self, function: str) -> dict[str, Any]:
        return {
            "Type": "Task",
            "Resource": f"{self._integrations}lambda:invoke",
            "Parameters": {"FunctionName": function, "Payload.$": "$"},
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
        }


def _when(variable: str, value: str, following: str) -> dict[str, str]:
    return {"Variable": variable, "StringEquals": value, "Next": following}
