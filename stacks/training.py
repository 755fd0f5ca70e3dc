"""Training: from data to an approved model in the registry, by one state machine around one training job."""

import json

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda_event_sources as event_sources
from constructs import Construct

from slipway_constructs.dead_lettered_queue import DeadLetteredQueue
from slipway_constructs.logged_state_machine import LoggedStateMachine
from slipway_constructs.permissions import allow, allow_key
from slipway_constructs.python_function import FunctionDefaults, PythonFunction
from slipway_constructs.source_archive import SourceArchive
from stacks import training_job, training_monitors, training_role, training_sources, training_tracking
from stacks.bedrock import allow_models
from stacks.settings import Settings
from stacks.slipway_stack import SlipwayStack
from stacks.training_flow import Flow
from stacks.training_job import RUNS_REASON
from stacks.training_monitors import SHORT

STEP_TIMEOUT = cdk.Duration.minutes(15)  # Lambda's longest
RELEASE_TIMEOUT = cdk.Duration.minutes(5)  # MLflow may be slow, and must fail no run
JOBS_REASON = "A job is named by its run, which is not known before."
GROUPS_REASON = "A model has a group named by the environment and the model, and versions in it."
DATA_REASON = "A run names datasets, evaluation sets and base models of the artifacts bucket, any of them."
TOKENS_REASON = (
    "A task token names its one task, and Step Functions takes no resource for the action; the function only has "
    "tokens of this environment's runs, from its own table."
)
# Step Functions makes them, to hear of a job's end.
RULES = [f"StepFunctionsGetEventsForSageMaker{kind}JobsRule" for kind in ("Training", "Processing")]
SEEN = ("FAILED", "TIMED_OUT", "ABORTED")


class TrainingStack(SlipwayStack):
    """Starts by one StartExecution whose input is a request (`slipway_runtime.train.pipeline.request`)."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "training", name=name, settings=settings)
        training = settings.training
        wanted = dict.fromkeys((training.image, training.evaluation.image))
        images = {each: training_job.image(self, each) for each in wanted}
        source = training_sources.training(self, wandb=training.tracking.wandb is not None)
        role = training_role.role(self, source.arn, images.values())
        training_tracking.allow_job(self, role)
        if judge := training.evaluation.judge:
            allow_models(role, [settings.models[judge.model].model_id])
        step, release, gate = self._step(source), self._release(), self._gate()
        approvals = self._approvals()
        flow = Flow(
            partition=self.partition,
            step=step.function.function_arn,
            gate=gate.function.function_arn,
            release=release.function.function_arn,
            job=training_job.members(self, role, images[training.image]),
            evaluation=training_job.evaluation_members(self, role, images[training.evaluation.image]),
            approval_seconds=training.approval.expires_days * 86_400,
        )
        machine = self._machine(flow, role)
        queue, rule = self._notices(machine)
        self.publish(
            {
                "state-machine-arn": machine.arn,
                "approvals-function-name": approvals.function.function_name,
                "step-function-name": step.function.function_name,
                "gate-function-name": gate.function.function_name,
                "release-function-name": release.function.function_name,
                "notices-queue-arn": queue.queue.queue_arn,
                "notices-dead-letter-queue-arn": queue.dead_letters.queue_arn,
                "failures-rule-name": rule.rule_name,
            }
        )

    def _function(
        self,
        construct_id: str,
        module: str,
        does: str,
        variables: dict[str, str],
        *,
        short: bool = True,
        timeout: cdk.Duration = SHORT,
    ) -> PythonFunction:
        defaults: FunctionDefaults = self.function_defaults("api" if short else "ingest")
        return PythonFunction(
            self,
            construct_id,
            module=module,
            description=does,
            defaults=defaults,
            timeout=timeout if short else STEP_TIMEOUT,
            memory=cdk.Size.mebibytes(512 if short else 3008),
            variables=variables,
        )

    def _step(self, source: SourceArchive) -> PythonFunction:
        training = self.settings.training
        instances = {"type": training.instance_type, "count": training.instances, "strategy": training.strategy}
        evaluation = training_sources.evaluation(self)
        limits = {"max_hours": training.max_hours, "max_dollars": training.max_dollars}
        variables = {
            "ARTIFACTS_BUCKET": self.look_up("foundation", "artifacts-bucket-name"),
            "INSTANCES": json.dumps(instances),
            "LIMITS": json.dumps(limits),
            "EVALUATION": training_job.evaluating(self, evaluation.address),
            "CODE": source.address,
            "CODE_VERSION": source.version,
            **training_tracking.variables(self),
        }
        does = "Validates, freezes and estimates fine-tuning runs, and says what is compared"
        step = self._function("Step", "training_step", does, variables, short=False)
        artifacts, key = self.bucket_arn("artifacts"), self.key()
        allow(step.role, ["s3:GetObject"], [f"{artifacts}/*", evaluation.arn], wildcard_reason=DATA_REASON)
        allow(step.role, ["s3:PutObject"], [f"{artifacts}/{training_job.RUNS}/*"], wildcard_reason=RUNS_REASON)
        allow(step.role, ["s3:ListBucket"], [artifacts])
        group, versions = self._registry()
        allow(step.role, ["sagemaker:ListModelPackages"], [group, versions], wildcard_reason=GROUPS_REASON)
        allow(step.role, ["sagemaker:DescribeModelPackage"], [versions], wildcard_reason=GROUPS_REASON)
        jobs = self.format_arn(service="sagemaker", resource="processing-job", resource_name="*")
        allow(step.role, ["sagemaker:DescribeProcessingJob"], [jobs], wildcard_reason=JOBS_REASON)
        training_tracking.allow_calls(self, step.role)
        allow_key(step.role, key.key_arn if key else None)
        return step

    def _release(self) -> PythonFunction:
        days = self.settings.training.approval.expires_days
        variables = {
            "ARTIFACTS_BUCKET": self.look_up("foundation", "artifacts-bucket-name"),
            "APPROVALS_TABLE": self.look_up("foundation", "approvals-table-name"),
            "APPROVAL_SECONDS": str(days * 86_400),
            "TOPIC_ARN": self.look_up("foundation", "alarm-topic-arn"),
            **training_tracking.variables(self),
        }
        does = "Asks for approval of fine-tuned models and registers them"
        release = self._function("Release", "training_release", does, variables, timeout=RELEASE_TIMEOUT)
        runs, key, (group, versions) = self._runs(), self.key(), self._registry()
        allow(release.role, ["s3:GetObject", "s3:PutObject"], [runs], wildcard_reason=RUNS_REASON)
        actions = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
        allow(release.role, actions, [self.table_arn("approvals")])
        allow(release.role, ["sagemaker:CreateModelPackageGroup"], [group], wildcard_reason=GROUPS_REASON)
        both = [group, versions]
        allow(release.role, ["sagemaker:CreateModelPackage"], both, wildcard_reason=GROUPS_REASON)
        self._allow_notices(release.role)
        training_tracking.allow_calls(self, release.role)
        allow_key(release.role, key.key_arn if key else None)
        return release

    def _approvals(self) -> PythonFunction:
        four_eyes = "true" if self.settings.training.approval.four_eyes else "false"
        variables = {"APPROVALS_TABLE": self.look_up("foundation", "approvals-table-name"), "FOUR_EYES": four_eyes}
        approvals = self._function("Approvals", "approvals", "Shows what waits for a person, and decides it", variables)
        actions = ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"]
        allow(approvals.role, actions, [self.table_arn("approvals")])
        allow(approvals.role, ["states:SendTaskSuccess"], ["*"], wildcard_reason=TOKENS_REASON)
        key = self.key()
        allow_key(approvals.role, key.key_arn if key else None)
        return approvals

    def _gate(self) -> PythonFunction:
        gate = self._function("Gate", "gate", "Decides whether a candidate may be put before people", {}, short=False)
        runs, key = self._runs(), self.key()
        allow(gate.role, ["s3:GetObject", "s3:PutObject"], [runs], wildcard_reason=RUNS_REASON)
        allow_key(gate.role, key.key_arn if key else None)
        return gate

    def _machine(self, flow: Flow, role: iam.Role) -> LoggedStateMachine:
        machine = self.state_machine(flow.definition(), [flow.step, flow.gate, flow.release])
        for kind in ("Training", "Processing"):
            jobs = self.format_arn(service="sagemaker", resource=f"{kind.lower()}-job", resource_name="*")
            actions = [f"sagemaker:{verb}{kind}Job" for verb in ("Create", "Describe", "Stop")]
            allow(machine.role, actions, [jobs], wildcard_reason=JOBS_REASON)
        rules = [self.format_arn(service="events", resource="rule", resource_name=rule) for rule in RULES]
        allow(machine.role, ["events:DescribeRule", "events:PutRule", "events:PutTargets"], rules)
        machine.role.add_to_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            )
        )
        return machine

    def _notices(self, machine: LoggedStateMachine) -> tuple[DeadLetteredQueue, events.Rule]:
        key = self.key()
        queue = DeadLetteredQueue(self, "Notices", consumer_timeout=SHORT, max_receive_count=3, key=key)
        detail = {"stateMachineArn": [machine.arn], "status": list(SEEN)}
        rule = events.Rule(
            self,
            "Failures",
            description="Fine-tuning runs that failed",
            event_pattern=events.EventPattern(
                source=["aws.states"], detail_type=["Step Functions Execution Status Change"], detail=detail
            ),
            targets=[targets.SqsQueue(queue.queue, dead_letter_queue=queue.dead_letters)],
        )
        topic = {"TOPIC_ARN": self.look_up("foundation", "alarm-topic-arn")}
        failed = self._function("Failed", "training_failed", "Tells of fine-tuning runs that failed", topic)
        failed.function.add_event_source(event_sources.SqsEventSource(queue.queue, batch_size=1))
        self._allow_notices(failed.role)
        allow_key(failed.role, key.key_arn if key else None)
        return queue, rule

    def _allow_notices(self, role: iam.Role) -> None:
        allow(role, ["sns:Publish"], [self.look_up("foundation", "alarm-topic-arn")])

    def _runs(self) -> str:
        return f"{self.bucket_arn('artifacts')}/{training_job.RUNS}/*"

    def _registry(self) -> tuple[str, str]:
        prefix = f"slipway-{self.environment_name}-*"
        return (
            self.format_arn(service="sagemaker", resource="model-package-group", resource_name=prefix),
            self.format_arn(service="sagemaker", resource="model-package", resource_name=prefix),
        )


monitors = training_monitors.monitors
