"""The jobs of an environment, training and evaluation: their images, and what is alike in every run.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from stacks import training_images

if TYPE_CHECKING:
    from slipway_constructs.python_function import FunctionNetwork
    from stacks.slipway_stack import SlipwayStack

RUNS, MODELS = "training", "models"
NAMESPACE = "/aws/sagemaker/TrainingJobs"
RUNS_REASON = (
    "A run reads and writes below its own name, which nobody knows before; base models have names of their own."
)
# What the functions around the job call, by the service's endpoint in a VPC.
REACH: dict[str, list[str]] = {
    "sagemaker.api": [
        *("sagemaker:CreateModelPackage", "sagemaker:CreateModelPackageGroup"),
        *("sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages", "sagemaker:DescribeProcessingJob"),
    ],
    "sns": ["sns:Publish"],
    "states": ["states:SendTaskSuccess"],
    "dynamodb": ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"],
}
# SageMaker reads the values of metrics from the log by these, which slipway_runtime.train.metrics writes.
NUMBER = r"([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)"
METRICS = {
    "train:loss": "train_loss",
    "train:learning_rate": "learning_rate",
    "train:grad_norm": "grad_norm",
    "train:tokens_per_second": "tokens_per_second",
    "train:epoch": "epoch",
    "validation:loss": "validation_loss",
    "validation:perplexity": "validation_perplexity",
    "train:packing_efficiency": "packing_efficiency",
}


def image(stack: SlipwayStack, given: str | None) -> str:
    """Return the image given, else that of the environment's region; where that is open, the deployment decides."""
    if given is not None:
        return given
    accounts = training_images.accounts()
    if stack.settings.region:
        account = accounts[stack.settings.region]
    else:
        table = cdk.CfnMapping(stack, "Images", mapping={region: {"account": one} for region, one in accounts.items()})
        account = table.find_in_map(cdk.Aws.REGION, "account")
    return f"{account}.dkr.ecr.{stack.region}.{stack.url_suffix}/{training_images.suffix()}"


def members(stack: SlipwayStack, role: iam.Role, uri: str) -> dict[str, Any]:
    """Return the members of CreateTrainingJob that do not differ; KmsKeyId is the outputs'."""
    training, key = stack.settings.training, stack.key()
    seconds = round(training.max_hours * 3600)
    # An interrupted spot job may wait as long as it may run.
    stops = {"MaxRuntimeInSeconds": seconds} | ({"MaxWaitTimeInSeconds": 2 * seconds} if training.spot else {})
    resources: dict[str, Any] = {
        "InstanceType": training.instance_type,
        "InstanceCount": training.instances,
        "VolumeSizeInGB": training.volume_gigabytes,
    }
    found: dict[str, Any] = {
        "AlgorithmSpecification": {
            "TrainingImage": uri,
            "TrainingInputMode": "File",
            "MetricDefinitions": [
                {"Name": name, "Regex": rf"(?:^|\s){key_}={NUMBER}"} for name, key_ in METRICS.items()
            ],
        },
        "RoleArn": role.role_arn,
        "ResourceConfig": resources,
        "StoppingCondition": stops,
        "EnableManagedSpotTraining": training.spot,
    }
    if key:
        resources["VolumeKmsKeyId"] = found["KmsKeyId"] = key.key_arn
    if training.instances > 1:
        found["EnableInterContainerTrafficEncryption"] = False  # it halves what EFA brings
    network = stack.function_network()
    if network:
        found["VpcConfig"] = _vpc(network)
    return found


def evaluation_members(stack: SlipwayStack, role: iam.Role, uri: str) -> dict[str, Any]:
    """Return the members of CreateProcessingJob that do not differ; KmsKeyId is of the outputs."""
    training, key, network = stack.settings.training, stack.key(), stack.function_network()
    cluster: dict[str, Any] = {
        "InstanceType": training.evaluation.instance_type,
        "InstanceCount": 1,
        "VolumeSizeInGB": training.volume_gigabytes,
    }
    found: dict[str, Any] = {
        "ImageUri": uri,
        "RoleArn": role.role_arn,
        "ProcessingResources": {"ClusterConfig": cluster},
        "StoppingCondition": {"MaxRuntimeInSeconds": round(training.evaluation.max_hours * 3600)},
    }
    if key:
        cluster["VolumeKmsKeyId"] = found["KmsKeyId"] = key.key_arn
    if network:
        found["NetworkConfig"] = {"VpcConfig": _vpc(network)}
    return found


def evaluating(stack: SlipwayStack, code: str) -> str:
    """Return what slipway_runtime.train.pipeline.comparison.Evaluating reads. `code`: the job's archive."""
    how, gate = stack.settings.training.evaluation, stack.settings.training.gate
    told = how.model_dump(include={"metrics", "max_new_tokens", "instance_type"})
    if how.judge:
        model_id = stack.settings.models[how.judge.model].model_id
        told |= {"judge": model_id, "calibration": how.judge.calibration}
    return stack.to_json_string(told | {"code": code, "policy": gate.model_dump(exclude_none=True)})


def _vpc(network: FunctionNetwork) -> dict[str, Any]:
    return {"Subnets": list(network.subnet_ids), "SecurityGroupIds": list(network.security_group_ids)}
