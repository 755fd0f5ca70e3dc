"""Deletion: what a deletion leaves in training sets and other shards is erased, nightly and on demand."""

import json
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from slipway_constructs.erasure_monitor import ErasureMonitor
from slipway_constructs.function_monitor import FunctionMonitor
from slipway_constructs.logged_state_machine import LoggedStateMachine
from slipway_constructs.monitoring import Monitor
from slipway_constructs.permissions import allow, allow_key
from slipway_constructs.python_function import PythonFunction
from slipway_constructs.state_machine_monitor import StateMachineMonitor
from stacks.meters_access import allow_erasure, erasure_variables
from stacks.retention import ARTIFACTS, ARTIFACTS_WORK, CORPUS, CORPUS_WORK, GIVEN
from stacks.said_access import allow_unsaying, said_variables
from stacks.settings import Settings
from stacks.slipway_stack import PENDING_INDEX, SlipwayStack

TIMEOUT = cdk.Duration.minutes(15)  # Lambda's longest: a step goes on for as long as it may, then comes the next
RUN_TIMEOUT = cdk.Duration.hours(20)
FLEXIBLE_MINUTES = 15
# By bucket: folders of shards, and the folder of the work of runs.
PLACES = {"curated": (CORPUS, CORPUS_WORK), "artifacts": ((*ARTIFACTS, *GIVEN), ARTIFACTS_WORK)}
SHARDS_REASON = (
    "Shards have names of their jobs and data sets, any of them; the function touches only objects below these folders."
)


class DeletionStack(SlipwayStack):
    """A state machine that repeats the function until it is done; StartExecution with {} begins a run.

    {"confirm": true} says that no job is running which read a document before it was deleted.
    """

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "deletion", name=name, settings=settings)
        erase = self._function()
        function = erase.function.function_arn
        machine = self.state_machine(definition(self.partition, function), [function], timeout=RUN_TIMEOUT)
        self._schedule(machine)
        self.publish({"function-name": erase.function.function_name, "state-machine-arn": machine.arn})

    def _function(self) -> PythonFunction:
        names = {bucket: self.look_up("foundation", f"{bucket}-bucket-name") for bucket in PLACES}
        places = [
            (names[bucket], folder, folder == work)
            for bucket, (folders, work) in PLACES.items()
            for folder in (*folders, work)
        ]
        erase = PythonFunction(
            self,
            "Erase",
            module="erase",
            description="Erases deleted documents from training sets and other shards",
            defaults=self.function_defaults("api"),
            timeout=TIMEOUT,
            memory=cdk.Size.mebibytes(1024),
            variables={
                "DOCUMENTS_TABLE": self.look_up("foundation", "documents-table-name"),
                "CURATED_BUCKET": names["curated"],
                **said_variables(self),
                # Only named: the runtime takes both tables for one lineage, and touches no rejects here.
                "REJECTS_TABLE": self.look_up("foundation", "rejects-table-name"),
                "ERASURE_PLACES": json.dumps(places),
                **{name: self.look_up("foundation", value) for name, value in self._labelling().items()},
                **erasure_variables(self),
            },
        )
        self.allow_curated_removal(erase.role)
        allow_unsaying(self, erase.role)
        for bucket, (folders, _) in PLACES.items():
            self._allow_shards(erase.role, self.bucket_arn(bucket), folders)
        # In the curated bucket it may remove versions anywhere, as curated documents lie beside the shards.
        removed = [f"{self.bucket_arn('artifacts')}/{folder}*" for folder in (*ARTIFACTS, *GIVEN, ARTIFACTS_WORK)]
        removals = ["s3:GetObjectVersion", "s3:DeleteObjectVersion"]
        allow(erase.role, removals, removed, wildcard_reason=SHARDS_REASON)
        if self._labelling():
            allow(erase.role, ["dynamodb:Query", "dynamodb:DeleteItem"], [self.table_arn("labelling")])
        allow_erasure(self, erase.role)
        table, key = self.table_arn("documents"), self.key()
        actions = ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]
        allow(erase.role, actions, [table])
        allow(erase.role, ["dynamodb:Query"], [f"{table}/index/{PENDING_INDEX}"])
        allow_key(erase.role, key.key_arn if key else None)
        return erase

    def _labelling(self) -> dict[str, str]:
        """Return the variables by which what people said of items is found, and the names behind them."""
        if not self.settings.labelling.enabled:
            return {}
        return {"LABELLING_TABLE": "labelling-table-name", "ARTIFACTS_BUCKET": "artifacts-bucket-name"}

    def _allow_shards(self, role: iam.Role, bucket: str, folders: tuple[str, ...]) -> None:
        shards = [f"{bucket}/{folder}*" for folder in folders]
        indexes = [f"{bucket}/index/{folder}*" for folder in folders]
        # Without s3:ListBucket S3 answers 403 rather than 404 for an index that is not there.
        allow(role, ["s3:ListBucketVersions", "s3:ListBucket"], [bucket])
        writes = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"]
        allow(role, writes, [*shards, *indexes], wildcard_reason=SHARDS_REASON)

    def _schedule(self, machine: LoggedStateMachine) -> None:
        role = iam.Role(self, "ScheduleRole", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"))
        allow(role, ["states:StartExecution"], [machine.arn])
        schedule = scheduler.CfnSchedule(
            self,
            "Nightly",
            description="Erases deleted documents from training sets and other shards",
            schedule_expression=f"cron(0 {self.settings.ingestion.retention.erasure_hour} * * ? *)",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(
                mode="FLEXIBLE", maximum_window_in_minutes=FLEXIBLE_MINUTES
            ),
            target=scheduler.CfnSchedule.TargetProperty(arn=machine.arn, role_arn=role.role_arn, input=json.dumps({})),
        )
        # Scheduler checks the role when it makes the schedule, so the policy must be there first.
        schedule.node.add_dependency(role.node.find_child("DefaultPolicy"))


def definition(partition: str, function: str) -> dict[str, Any]:
    """Return the state machine: one step after the other, until one says that it is done."""
    return {
        "StartAt": "Erase",
        "States": {
            "Erase": {
                "Type": "Task",
                "Resource": f"arn:{partition}:states:::lambda:invoke",
                "Parameters": {"FunctionName": function, "Payload.$": "$"},
                "OutputPath": "$.Payload",
                "Retry": [
                    {
                        "ErrorEquals": [
                            *("Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException"),
                            *("Lambda.TooManyRequestsException", "ErasureIncomplete"),
                        ],
                        "IntervalSeconds": 2,
                        "MaxAttempts": 3,
                        "BackoffRate": 2,
                    }
                ],
                "Next": "IsDone",
            },
            "IsDone": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.done", "BooleanEquals": True, "Next": "Done"}],
                "Default": "Erase",
            },
            "Done": {"Type": "Succeed"},
        },
    }


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch the runs, their function, and how long what is to be erased has waited."""
    machine = stack.look_up("deletion", "state-machine-arn")
    erase = stack.look_up("deletion", "function-name")
    return [
        FunctionMonitor(stack, "Erase", topic_arn=topic_arn, function_name=erase, timeout=TIMEOUT),
        StateMachineMonitor(stack, "Deletion", topic_arn=topic_arn, state_machine_arn=machine),
        ErasureMonitor(stack, "Erasure", topic_arn=topic_arn, environment=stack.environment_name),
    ]
