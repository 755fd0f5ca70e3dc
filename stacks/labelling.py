"""Labelling: a job's items are prepared, people label them through the gateway, and the state machine merges that."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from slipway_constructs.function_monitor import FunctionMonitor
from slipway_constructs.logged_state_machine import LoggedStateMachine
from slipway_constructs.monitoring import Monitor
from slipway_constructs.permissions import allow, allow_key
from slipway_constructs.python_function import PythonFunction
from slipway_constructs.state_machine_monitor import StateMachineMonitor
from stacks.labelling_api import JOBS_REASON, TABLE_ACTIONS
from stacks.labelling_flow import definition
from stacks.settings import Settings
from stacks.slipway_stack import SlipwayStack

STEP_TIMEOUT = cdk.Duration.minutes(5)
READ_REASON = "A job's items are objects of the platform's own two buckets, under keys that are not known before."
LABELING_JOBS_REASON = "A labeling job is named by its execution, which is not known before."
RULE = "StepFunctionsGetEventsForSageMakerLabelingJobsRule"  # Step Functions makes it, to hear of a job's end


class LabellingStack(SlipwayStack):
    """Starts by one StartExecution: {"name", "items", "task", "tenant", "votes", "deadline_seconds"}."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "labelling", name=name, settings=settings)
        ground_truth = self._ground_truth_role() if settings.labelling.ground_truth else None
        step = self._step(ground_truth)
        machine = self._machine(step, ground_truth)
        self.publish({"state-machine-arn": machine.arn, "step-function-name": step.function.function_name})

    def _step(self, ground_truth: iam.Role | None) -> PythonFunction:
        variables = {
            "LABELLING_TABLE": self.look_up("foundation", "labelling-table-name"),
            "ARTIFACTS_BUCKET": self.look_up("foundation", "artifacts-bucket-name"),
            "CURATED_BUCKET": self.look_up("foundation", "curated-bucket-name"),
            "MAX_ITEMS": str(self.settings.labelling.max_items),
        }
        key = self.key()
        if ground_truth:
            chosen = {"region": self.region, "role_arn": ground_truth.role_arn}
            chosen["workteam_arn"] = self.settings.labelling.workteam_arn or ""
            chosen["key_arn"] = key.key_arn if key else ""
            variables["GROUND_TRUTH"] = self.to_json_string(chosen)
        step = PythonFunction(
            self,
            "Step",
            module="labelling_step",
            description="Prepares, opens and merges labelling jobs",
            defaults=self.function_defaults("api"),
            timeout=STEP_TIMEOUT,
            memory=cdk.Size.mebibytes(1024),
            variables=variables,
        )
        artifacts, curated = self.bucket_arn("artifacts"), self.bucket_arn("curated")
        allow(step.role, ["s3:GetObject"], [f"{artifacts}/*", f"{curated}/*"], wildcard_reason=READ_REASON)
        allow(step.role, ["s3:ListBucket"], [artifacts, curated])
        files = [f"{artifacts}/labelling/*", f"{artifacts}/index/labelling/*"]
        allow(step.role, ["s3:PutObject"], files, wildcard_reason=JOBS_REASON)
        allow(step.role, ["s3:AbortMultipartUpload"], files[:1], wildcard_reason=JOBS_REASON)
        allow(step.role, [*TABLE_ACTIONS, "dynamodb:UpdateItem"], [self.table_arn("labelling")])
        allow_key(step.role, key.key_arn if key else None)
        return step

    def _machine(self, step: PythonFunction, ground_truth: iam.Role | None) -> LoggedStateMachine:
        flow = definition(
            partition=self.partition, function=step.function.function_arn, ground_truth=ground_truth is not None
        )
        machine = self.state_machine(flow, [step.function.function_arn])
        if ground_truth:
            self._permit_ground_truth(machine.role, ground_truth)
        return machine

    def _permit_ground_truth(self, role: iam.Role, passed: iam.Role) -> None:
        """Let the state machine run labeling jobs. Source: Step Functions, "IAM policies for Amazon SageMaker"."""
        jobs = self.format_arn(service="sagemaker", resource="labeling-job", resource_name="*")
        rule = self.format_arn(service="events", resource="rule", resource_name=RULE)
        actions = ("sagemaker:CreateLabelingJob", "sagemaker:DescribeLabelingJob", "sagemaker:StopLabelingJob")
        allow(role, actions, [jobs], wildcard_reason=LABELING_JOBS_REASON)
        allow(role, ["events:DescribeRule", "events:PutRule", "events:PutTargets"], [rule])
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[passed.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            )
        )

    def _ground_truth_role(self) -> iam.Role:
        role = iam.Role(self, "GroundTruthRole", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        artifacts, key = self.bucket_arn("artifacts"), self.key()
        actions = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
        allow(role, actions, [f"{artifacts}/labelling/*"], wildcard_reason=JOBS_REASON)
        allow(role, ["s3:ListBucket"], [artifacts])
        group = self.format_arn(
            service="logs",
            resource="log-group",
            resource_name="/aws/sagemaker/LabelingJobs*",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        writes = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        allow(role, writes, [group], wildcard_reason="SageMaker names the streams of labeling jobs' log group itself.")
        allow_key(role, key.key_arn if key else None)
        return role


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch the jobs and the function of their steps."""
    machine = stack.look_up("labelling", "state-machine-arn")
    step = stack.look_up("labelling", "step-function-name")
    return [
        FunctionMonitor(stack, "LabellingStep", topic_arn=topic_arn, function_name=step, timeout=STEP_TIMEOUT),
        StateMachineMonitor(stack, "LabellingJobs", topic_arn=topic_arn, state_machine_arn=machine),
    ]
