"""Tracking of runs: what the job and the functions around it are told of it, and may do there.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-app-setup-prerequisites-iam.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from slipway_constructs.count_monitor import CountMonitor
from slipway_constructs.mlflow_app import CALL, FOLDER
from slipway_constructs.permissions import allow

if TYPE_CHECKING:
    from slipway_constructs.monitoring import Monitor
    from stacks.slipway_stack import SlipwayStack

COLON = cdk.ArnFormat.COLON_RESOURCE_NAME
APP = ("foundation", "mlflow-app-arn")
ARTIFACTS_REASON = "MLflow names the folder of a run's artifacts itself, below the one folder of the app."
SECRET_REASON = "Secrets Manager adds six characters of its own to the name of a secret."  # noqa: S105


def variables(stack: SlipwayStack) -> dict[str, str]:
    """Return the variable that slipway_runtime.train.pipeline.tracked.Tracking is read from."""
    tracking = stack.settings.training.tracking
    told: dict[str, object] = {"experiment": f"slipway-{stack.environment_name}"}
    if tracking.mlflow:
        told["app"] = stack.look_up(*APP)
    if wandb := tracking.wandb:
        told["wandb"] = {"secret_id": wandb.secret, "project": wandb.project, "entity": wandb.entity}
    return {"TRACKING": stack.to_json_string(told)}


def allow_calls(stack: SlipwayStack, role: iam.Role) -> None:
    """Let a role call MLflow, where there is an app: one action stands for all of its API."""
    if stack.settings.training.tracking.mlflow:
        allow(role, [CALL], [stack.look_up(*APP)])


def allow_job(stack: SlipwayStack, role: iam.Role) -> None:
    """Let the jobs' role also write artifacts, and read the key of Weights & Biases."""
    tracking = stack.settings.training.tracking
    allow_calls(stack, role)
    if tracking.mlflow:
        folder = f"{stack.bucket_arn('artifacts')}/{FOLDER}/*"
        allow(role, ["s3:PutObject"], [folder], wildcard_reason=ARTIFACTS_REASON)
    if wandb := tracking.wandb:
        secret = stack.format_arn(
            service="secretsmanager", resource="secret", resource_name=f"{wandb.secret}-??????", arn_format=COLON
        )
        allow(role, ["secretsmanager:GetSecretValue"], [secret], wildcard_reason=SECRET_REASON)


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch what could not be tracked, where anything is."""
    tracking = stack.settings.training.tracking
    if not (tracking.mlflow or tracking.wandb):
        return []
    return [
        CountMonitor(
            stack,
            construct_id,
            topic_arn=topic_arn,
            metric="TrackingProblems",
            service=service,
            environment=stack.environment_name,
            description="a fine-tuning run went on without its tracking",
            runbook="tracking",
        )
        for construct_id, service in (("TrackingOfJobs", "training_step"), ("TrackingOfVersions", "training_release"))
    ]
