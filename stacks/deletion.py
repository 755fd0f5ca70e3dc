"""Deletion: what a deletion leaves in training sets and other shards is erased, nightly and on demand."""

import json
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from slipway_constructs.acknowledgement import acknowledge
from slipway_constructs.permissions import allow, allow_key
from slipway_constructs.python_function import PythonFunction
from stacks.retention import ARTIFACTS, ARTIFACTS_WORK, CORPUS, CORPUS_WORK, GIVEN
from stacks.settings import Settings
from stacks.slipway_stack import PENDING_INDEX, SlipwayStack

TIMEOUT = cdk.Duration.minutes(15)  # Lambda's longest: a step goes on for as long as it may, then comes the next
FLEXIBLE_MINUTES = 15
# By bucket: folders of shards, and the folder of the work of runs.
PLACES = {"curated": (CORPUS, CORPUS_WORK), "artifacts": ((*ARTIFACTS, *GIVEN), ARTIFACTS_WORK)}
SHARDS_REASON = (
    "Shards have names of their jobs and data sets, any of them; the function touches only objects below these folders."
)
DELIVERY_REASON = (
    "CloudWatch Logs and X-Ray take no resource for these actions. Source: Step Functions, logging policy."
)


class DeletionStack(SlipwayStack):
    """A state machine that repeats the function until it is done; StartExecution with {} begins a run.

    {"confirm": true} says that no job is running which read a document before it was deleted.
    """

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "deletion", name=name, settings=settings)
        erase = self._function()
        machine = self._machine(erase)
        self._schedule(machine)
        self.publish(
            {"function-name": erase.function.function_name, "state-machine-arn": machine.state_machine_arn},
        )

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
                # Only named: the runtime takes both tables for one lineage, and touches no rejects here.
                "REJECTS_TABLE": self.look_up("foundation", "rejects-table-name"),
                "ERASURE_PLACES": json.dumps(places),
                **{name: self.look_up("foundation", value) for name, value in self._labelling().items()},
            },
        )
        for bucket, (folders, work) in PLACES.items():
            self._allow_shards(erase.role, self.bucket_arn(bucket), folders, work)
        if self._labelling():
            allow(erase.role, ["dynamodb:Query", "dynamodb:DeleteItem"], [self.table_arn("labelling")])
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

    def _allow_shards(self, role: iam.Role, bucket: str, folders: tuple[str, ...], work: str) -> None:
        shards = [f"{bucket}/{folder}*" for folder in folders]
        indexes = [f"{bucket}/index/{folder}*" for folder in folders]
        # Without s3:ListBucket S3 answers 403 rather than 404 for an index that is not there.
        allow(role, ["s3:ListBucketVersions", "s3:ListBucket"], [bucket])
        writes = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"]
        allow(role, writes, [*shards, *indexes], wildcard_reason=SHARDS_REASON)
        removals = ["s3:GetObjectVersion", "s3:DeleteObjectVersion"]
        allow(role, removals, [*shards, f"{bucket}/{work}*"], wildcard_reason=SHARDS_REASON)

    def _machine(self, erase: PythonFunction) -> sfn.StateMachine:
        role = iam.Role(self, "MachineRole", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        group = logs.LogGroup(
            self,
            "Executions",
            # Under this prefix the resource policy of CloudWatch Logs does not grow by each state machine.
            log_group_name=f"/aws/vendedlogs/states/slipway-{self.environment_name}-deletion",
            retention=self.log_retention,
            removal_policy=self.removal,
            encryption_key=self.key(),
        )
        machine = sfn.StateMachine(
            self,
            "Machine",
            definition_body=sfn.DefinitionBody.from_string(
                json.dumps(definition(self.partition, erase.function.function_arn))
            ),
            role=role,
            logs=sfn.LogOptions(destination=group, level=sfn.LogLevel.ALL, include_execution_data=False),
            tracing_enabled=True,
            timeout=cdk.Duration.hours(20),
        )
        acknowledge(role, "AwsSolutions-IAM5[Resource::*]", DELIVERY_REASON)
        allow(role, ["lambda:InvokeFunction"], [erase.function.function_arn])
        return machine

    def _schedule(self, machine: sfn.StateMachine) -> None:
        role = iam.Role(self, "ScheduleRole", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"))
        allow(role, ["states:StartExecution"], [machine.state_machine_arn])
        schedule = scheduler.CfnSchedule(
            self,
            "Nightly",
            description="Erases deleted documents from training sets and other shards",
            schedule_expression=f"cron(0 {self.settings.ingestion.retention.erasure_hour} * * ? *)",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(
                mode="FLEXIBLE", maximum_window_in_minutes=FLEXIBLE_MINUTES
            ),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=machine.state_machine_arn, role_arn=role.role_arn, input=json.dumps({})
            ),
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
