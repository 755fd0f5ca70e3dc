"""Deployment: from a version's approval to users, watched by alarms, and back by itself where it hurts."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda_event_sources as event_sources
from constructs import Construct

from slipway_constructs.dead_lettered_queue import DeadLetteredQueue
from slipway_constructs.function_monitor import FunctionMonitor
from slipway_constructs.logged_state_machine import LoggedStateMachine
from slipway_constructs.monitoring import Monitor
from slipway_constructs.permissions import allow, allow_key
from slipway_constructs.python_function import PythonFunction
from slipway_constructs.queue_monitor import QueueMonitor
from slipway_constructs.rule_monitor import RuleMonitor
from slipway_constructs.state_machine_monitor import StateMachineMonitor
from stacks import deployment_access
from stacks.deployment_flow import definition
from stacks.names import part_of_arn
from stacks.settings import Settings
from stacks.settings_serving import Endpoint
from stacks.slipway_stack import SlipwayStack

STEP_TIMEOUT = cdk.Duration.minutes(5)
RETIRE_TIMEOUT = cdk.Duration.minutes(15)  # Lambda's longest: large files take minutes to move
SHORT = cdk.Duration.minutes(1)
LONGEST = cdk.Duration.days(2)
NOTICE_SECONDS = 900
SEEN = ("FAILED", "TIMED_OUT", "ABORTED")


class DeploymentStack(SlipwayStack):
    """Starts by an approval, or by one StartExecution: `slipway_runtime.operate.deploy.plan.Request`."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "deployment", name=name, settings=settings)
        self._variables = {
            "DEPLOYMENTS_TABLE": self.look_up("foundation", "deployments-table-name"),
            "AUDIT_TABLE": self.look_up("foundation", "audit-table-name"),
            "TOPIC_ARN": self.look_up("foundation", "alarm-topic-arn"),
        }
        step = self._function("Step", "deploy_step", "Checks, makes, watches and settles deployments", STEP_TIMEOUT)
        deployment_access.deploys(self, step.role)
        flow = definition(partition=self.partition, function=step.function.function_arn)
        machine = self.state_machine(flow, [step.function.function_arn], timeout=LONGEST)
        deployment_access.sees_executions(self, step.role, machine)
        queue, failures = self._notices(machine)
        followed = settings.serving.follows
        rules = [self._on_approval(machine, queue, each) for each in followed if each.rollout.on_approval]
        retire, daily = self._retirement(queue)
        self.publish(
            {
                "retire-function-name": retire.function.function_name,
                **({"retire-rule-name": daily.rule_name} if daily else {}),
                "state-machine-arn": machine.arn,
                "step-function-name": step.function.function_name,
                "notices-queue-arn": queue.queue.queue_arn,
                "notices-dead-letter-queue-arn": queue.dead_letters.queue_arn,
                "failures-rule-name": failures.rule_name,
                **{f"approvals-rule-name-{index}": rule.rule_name for index, rule in enumerate(rules)},
            }
        )

    def _retirement(self, queue: DeadLetteredQueue) -> tuple[PythonFunction, events.Rule | None]:
        days = self.settings.serving.retire_after_days
        told = {
            "ENDPOINTS": ",".join(endpoint.name for endpoint in self.settings.serving.follows),
            "ARTIFACTS_BUCKET": self.look_up("foundation", "artifacts-bucket-name"),
            "RETIRE_AFTER_DAYS": str(days),
        }
        retire = self._function(
            "Retire", "retire_models", "Archives versions of models that nobody uses", RETIRE_TIMEOUT, told
        )
        deployment_access.retires(self, retire.role)
        if not days:
            return retire, None
        daily = events.Rule(
            self,
            "Daily",
            description="Retirement of models that nobody uses",
            schedule=events.Schedule.rate(cdk.Duration.days(1)),
            targets=[
                targets.LambdaFunction(
                    retire.function,
                    event=events.RuleTargetInput.from_object({"by": "policy"}),
                    dead_letter_queue=queue.dead_letters,
                )
            ],
        )
        return retire, daily

    def _function(
        self, construct_id: str, module: str, does: str, timeout: cdk.Duration, more: Mapping[str, str] | None = None
    ) -> PythonFunction:
        # They call AWS's control planes and see no documents: outside the VPC, whose endpoints for all of these
        # would be paid for by the hour.
        return PythonFunction(
            self,
            construct_id,
            module=module,
            description=does,
            defaults=self.function_defaults("api", in_network=False),
            timeout=timeout,
            memory=cdk.Size.mebibytes(512),
            variables={**self._variables, **(more or {})},
        )

    def _on_approval(self, machine: LoggedStateMachine, queue: DeadLetteredQueue, endpoint: Endpoint) -> events.Rule:
        """Start a deployment for each version of the endpoint's model that is approved."""
        group = f"slipway-{self.environment_name}-{endpoint.model.registry}"
        asked = {
            "endpoint": endpoint.name,
            "action": "deploy",
            "package": events.EventField.from_path("$.detail.ModelPackageArn"),
            "by": "approval",
        }
        return events.Rule(
            self,
            "Approved" + "".join(word.capitalize() for word in endpoint.name.split("-")),
            description=f"Versions that {endpoint.name} serves from now on",
            event_pattern=events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Model Package State Change"],
                detail={"ModelPackageGroupName": [group], "ModelApprovalStatus": ["Approved"]},
            ),
            targets=[
                targets.SfnStateMachine(
                    machine.machine,
                    input=events.RuleTargetInput.from_object(asked),
                    role=self._starter(machine),
                    dead_letter_queue=queue.dead_letters,
                )
            ],
        )

    def _starter(self, machine: LoggedStateMachine) -> iam.IRole:
        if found := self.node.try_find_child("Starter"):
            return found  # type: ignore[return-value]
        role = iam.Role(self, "Starter", assumed_by=iam.ServicePrincipal("events.amazonaws.com"))
        allow(role, ["states:StartExecution"], [machine.arn])
        return role

    def _notices(self, machine: LoggedStateMachine) -> tuple[DeadLetteredQueue, events.Rule]:
        key = self.key()
        queue = DeadLetteredQueue(self, "Notices", consumer_timeout=SHORT, max_receive_count=3, key=key)
        rule = events.Rule(
            self,
            "Failures",
            description="Deployments that failed",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"stateMachineArn": [machine.arn], "status": list(SEEN)},
            ),
            targets=[targets.SqsQueue(queue.queue, dead_letter_queue=queue.dead_letters)],
        )
        failed = self._function("Failed", "deploy_failed", "Tells of deployments that failed", SHORT)
        failed.function.add_event_source(event_sources.SqsEventSource(queue.queue, batch_size=1))
        deployment_access.allow_audit(self, failed.role)
        allow(failed.role, ["sns:Publish"], [self._variables["TOPIC_ARN"]])
        allow_key(failed.role, key.key_arn if key else None)
        return queue, rule


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch the deployments, what starts them, and the notices of failures."""

    def published(name: str) -> str:
        return stack.look_up("deployment", name)

    count = sum(endpoint.rollout.on_approval for endpoint in stack.settings.serving.follows)
    rules = {f"DeploymentApprovals{index or ''}": f"approvals-rule-name-{index}" for index in range(count)}
    return [
        StateMachineMonitor(stack, "Deployment", topic_arn=topic_arn, state_machine_arn=published("state-machine-arn")),
        FunctionMonitor(
            stack,
            "DeploymentStep",
            topic_arn=topic_arn,
            function_name=published("step-function-name"),
            timeout=STEP_TIMEOUT,
        ),
        FunctionMonitor(
            stack,
            "DeploymentRetire",
            topic_arn=topic_arn,
            function_name=published("retire-function-name"),
            timeout=RETIRE_TIMEOUT,
        ),
        *(
            RuleMonitor(stack, construct_id, topic_arn=topic_arn, rule_name=published(name))
            for construct_id, name in {**rules, "DeploymentFailures": "failures-rule-name"}.items()
        ),
        QueueMonitor(
            stack,
            "DeploymentNotices",
            topic_arn=topic_arn,
            queue_name=part_of_arn(published("notices-queue-arn"), 5),
            dead_letter_queue_name=part_of_arn(published("notices-dead-letter-queue-arn"), 5),
            oldest_seconds=NOTICE_SECONDS,
        ),
    ]
