"""Delivery: the pipeline of the tooling account, which brings a change through the environments, one after the other.

Source: https://docs.aws.amazon.com/cdk/v2/guide/cdk-pipeline.html and, for going back,
https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-rollback.html
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import pipelines
from constructs import Construct

from stacks.delivery_access import DeliveryAccessStack, role_name
from stacks.delivery_acknowledged import acknowledge_pipeline
from stacks.environment import EnvironmentStage
from stacks.settings import Settings
from stacks.settings_delivery import Delivered, Delivery

SETTINGS = "config/delivery/pipeline.yaml"
EVENTS = (
    codepipeline.PipelineNotificationEvents.PIPELINE_EXECUTION_FAILED,
    codepipeline.PipelineNotificationEvents.STAGE_EXECUTION_FAILED,
    codepipeline.PipelineNotificationEvents.MANUAL_APPROVAL_NEEDED,
)


class DeliveredStage(EnvironmentStage):
    """An environment as ever, in the account that the pipeline's settings name, with a role for the tests."""

    def __init__(self, scope: Construct, *, to: Delivered, settings: Settings, tooling: str) -> None:
        here = settings.model_copy(update={"account": to.account, "region": to.region})
        super().__init__(scope, name=to.name, settings=here)
        access = DeliveryAccessStack(self, name=to.name, settings=here, tooling=tooling, documents=to.documents)
        access.add_stack_dependency(self.stacks[-1])


class DeliveryStack(cdk.Stack):
    """The pipeline as `pipeline`: source, checks, its own update, then each environment with its tests.

    A stage whose deployment or tests fail goes back to what it deployed last.
    """

    def __init__(self, scope: Construct, *, delivery: Delivery, environments: dict[str, Settings]) -> None:
        super().__init__(
            scope,
            "Delivery",
            stack_name="slipway-delivery",
            description="Slipway: the pipeline",
            env=cdk.Environment(account=delivery.account, region=delivery.region),
            termination_protection=True,
        )
        self.delivery = delivery
        self.source = pipelines.CodePipelineSource.connection(
            delivery.repository,
            delivery.branch,
            connection_arn=delivery.connection_arn,
            code_build_clone_output=True,  # with its history, which the upgrade check compares with
        )
        self.pipeline = pipelines.CodePipeline(
            self,
            "Pipeline",
            synth=self._synth(),
            cross_account_keys=True,
            enable_key_rotation=True,
            pipeline_type=codepipeline.PipelineType.V2,
            code_build_defaults=pipelines.CodeBuildOptions(
                build_environment=codebuild.BuildEnvironment(
                    build_image=codebuild.LinuxArmBuildImage.AMAZON_LINUX_2023_STANDARD_3_0,
                    compute_type=codebuild.ComputeType.LARGE,
                ),
                timeout=cdk.Duration.hours(2),
            ),
        )
        for to in delivery.environments:
            self._deliver(to, environments[to.name])
        self.pipeline.build_pipeline()
        self._go_back_on_failure()
        self._notify()
        acknowledge_pipeline(self.pipeline)

    def _synth(self) -> pipelines.ShellStep:
        checks = [
            f".venv/bin/slipway {command} --env {to.name}"
            for to in self.delivery.environments
            for command in (f"preflight --region {to.region}", "cost", "upgrade-check")
        ]
        return pipelines.ShellStep(
            "Synth",
            input=self.source,
            install_commands=["make setup"],
            commands=["make check", "make test", *checks, f'make synth ARGS="-c delivery={SETTINGS}"'],
            primary_output_directory="cdk.out",
        )

    def _deliver(self, to: Delivered, settings: Settings) -> None:
        stage = DeliveredStage(self, to=to, settings=settings, tooling=self.delivery.account)
        approval = [pipelines.ManualApprovalStep(f"Approve {to.name}", comment=f"Deploy to {to.name}?")]
        self.pipeline.add_stage(stage, pre=approval if to.approval else [], post=[self._tests(to)])

    def _tests(self, to: Delivered) -> pipelines.CodeBuildStep:
        role = f"arn:{self.partition}:iam::{to.account}:role/{role_name(to.name)}"
        return pipelines.CodeBuildStep(
            f"Ask {to.name}",
            input=self.source,
            install_commands=["make setup"],
            commands=[
                f"aws configure set profile.tests.role_arn {role}",
                "aws configure set profile.tests.credential_source EcsContainer",
                f"export AWS_PROFILE=tests AWS_REGION={to.region}",
                f".venv/bin/python -m tools.integration --env {to.name} --aws" + (" --ingest" if to.documents else ""),
            ],
            role_policy_statements=[iam.PolicyStatement(actions=["sts:AssumeRole"], resources=[role])],
        )

    def _go_back_on_failure(self) -> None:
        """Set what the library has no property for: a stage goes back to its last successful execution."""
        made = self.pipeline.pipeline
        named = {stage.stage_name for stage in made.stages} - {"Source", "Build", "UpdatePipeline", "Assets"}
        resource = made.node.default_child
        assert isinstance(resource, codepipeline.CfnPipeline)  # noqa: S101 - tells the type checker
        for index, stage in enumerate(made.stages):
            if stage.stage_name in named:
                resource.add_property_override(f"Stages.{index}.OnFailure.Result", "ROLLBACK")

    def _notify(self) -> None:
        topic = sns.Topic(self, "News", enforce_ssl=True)
        if self.delivery.alarm_email:
            topic.add_subscription(subscriptions.EmailSubscription(self.delivery.alarm_email))
        self.pipeline.pipeline.notify_on("Told", topic, events=list(EVENTS))
