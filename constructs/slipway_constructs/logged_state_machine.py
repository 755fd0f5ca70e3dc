"""A state machine whose executions are logged without their data and traced.

Creates: the state machine, a role, a log group, and a policy for Distributed Maps.   Grants: the role may invoke the
functions it is given, deliver logs and traces, and by `allow_map_runs` start, redrive and stop children of its own.
Source: Step Functions developer guide, "Using CloudWatch Logs to log execution history", "IAM policies for using
Distributed Map state", "Redriving Map Runs".
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from slipway_constructs.acknowledgement import acknowledge
from slipway_constructs.permissions import acknowledge_wildcards, allow, allow_key, statement

# Under this prefix the resource policy of CloudWatch Logs does not grow by each state machine.
LOG_GROUP_PREFIX = "/aws/vendedlogs/states/"
DELIVERY_REASON = (
    "CloudWatch Logs and X-Ray take no resource for these actions. Source: Step Functions, logging policy."
)
EXECUTIONS_REASON = "The children of a map run are executions of this one state machine with names made by it."


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExecutionLog:
    """How the history of executions is kept. `name`: of the log group, after `LOG_GROUP_PREFIX`."""

    name: str
    retention: logs.RetentionDays
    removal: cdk.RemovalPolicy
    key: kms.IKey | None = None


class LoggedStateMachine(Construct):
    """The state machine as `machine`, its ARN as `arn`, its role as `role`.

    `definition`: in Amazon States Language; `functions`: ARNs of those it invokes.   `timeout`: left out, a year.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        definition: Mapping[str, Any],
        functions: Sequence[str],
        log: ExecutionLog,
        timeout: cdk.Duration | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(self, "MachineRole", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        group = logs.LogGroup(
            self,
            "Executions",
            log_group_name=LOG_GROUP_PREFIX + log.name,
            retention=log.retention,
            removal_policy=log.removal,
            encryption_key=log.key,
        )
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            definition_body=sfn.DefinitionBody.from_string(json.dumps(definition)),
            role=self.role,
            # Without the data: documents are in it, and a task token could be used by whoever reads the log.
            logs=sfn.LogOptions(destination=group, level=sfn.LogLevel.ALL, include_execution_data=False),
            tracing_enabled=True,
            timeout=timeout,
        )
        self.arn = self.machine.state_machine_arn
        acknowledge(self.role, "AwsSolutions-IAM5[Resource::*]", DELIVERY_REASON)
        if functions:
            allow(self.role, ["lambda:InvokeFunction"], functions)

    def allow_map_runs(self, key: kms.IKey | None) -> None:
        """Let the state machine run Distributed Maps, whose children are executions of itself.

        `key`: of the buckets that they read items from and write results to.
        """
        allow_key(self.role, key.key_arn if key else None)
        children = cdk.Stack.of(self).format_arn(
            service="states",
            resource="execution",
            resource_name=f"{self.machine.state_machine_name}/*",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        # A policy of its own: the machine waits for the role's, which therefore cannot name the machine.
        own = iam.Policy(self, "MapRuns", roles=[self.role])
        own.add_statements(
            statement(["states:StartExecution"], [self.arn]),
            statement(["states:DescribeExecution", "states:RedriveExecution", "states:StopExecution"], [children]),
        )
        acknowledge_wildcards(own, [children], EXECUTIONS_REASON)
