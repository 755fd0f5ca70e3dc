"""Drift: every night CloudFormation compares what is deployed with the templates; a difference is an alarm."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from slipway_constructs.acknowledgement import acknowledge
from slipway_constructs.monitoring import Monitor
from slipway_constructs.permissions import allow
from slipway_constructs.state_machine_monitor import StateMachineMonitor
from stacks.drift_flow import definition
from stacks.features import parts
from stacks.settings import Settings
from stacks.slipway_stack import SlipwayStack

TIMEOUT = cdk.Duration.hours(2)
ANY_REASON = "A detection is named by an id of its own; CloudFormation takes no resource for these two actions."
READ_REASON = (
    "CloudFormation reads each resource with the rights of who asks. AWS keeps this policy in step with the types that "
    "it can compare; it reads settings, not what users stored."
)


class DriftStack(SlipwayStack):
    """A state machine of AWS's own calls alone, started by a schedule."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "drift", name=name, settings=settings)
        stacks = [f"slipway-{name}-{part.name}" for part in parts(settings)]
        machine = self.state_machine(definition(stacks, self.partition), [], timeout=TIMEOUT)
        there = [
            self.format_arn(service="cloudformation", resource="stack", resource_name=f"{each}/*") for each in stacks
        ]
        allow(
            machine.role,
            ["cloudformation:DetectStackDrift", "cloudformation:DetectStackResourceDrift"],
            there,
            wildcard_reason="A stack's ARN ends in an id that CloudFormation gives when the stack is made.",
        )
        asked = ["cloudformation:DescribeStackDriftDetectionStatus", "cloudformation:BatchDescribeTypeConfigurations"]
        allow(machine.role, asked, ["*"], wildcard_reason=ANY_REASON)
        machine.role.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name("SecurityAudit"))
        acknowledge(
            machine.role, "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/SecurityAudit]", READ_REASON
        )
        self._schedule(machine.arn)
        self.publish({"state-machine-arn": machine.arn})

    def _schedule(self, machine_arn: str) -> None:
        role = iam.Role(self, "ScheduleRole", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"))
        allow(role, ["states:StartExecution"], [machine_arn])
        schedule = scheduler.CfnSchedule(
            self,
            "Nightly",
            description="Compares the environment with its templates",
            schedule_expression=f"cron(0 {self.settings.stack_drift.hour} * * ? *)",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(arn=machine_arn, role_arn=role.role_arn, input="{}"),
        )
        # Scheduler checks the role when it makes the schedule, so the policy must be there first.
        schedule.node.add_dependency(role.node.find_child("DefaultPolicy"))


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Alarm when a run fails, which is how it says that something differs."""
    machine = stack.look_up("drift", "state-machine-arn")
    return [StateMachineMonitor(stack, "Drift", topic_arn=topic_arn, state_machine_arn=machine)]
