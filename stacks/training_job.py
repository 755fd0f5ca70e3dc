"""The training job of an environment: its image, its role, and what is alike in every run.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html#sagemaker-roles-createtrainingjob-perms
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from slipway_constructs.permissions import allow, allow_key
from stacks import training_images

if TYPE_CHECKING:
    from stacks.slipway_stack import SlipwayStack

RUNS, MODELS = "training", "models"
NAMESPACE = "/aws/sagemaker/TrainingJobs"
RUNS_REASON = (
    "A run reads and writes below its own name, which nobody knows before; base models have names of their own."
)
LOGS_REASON = "SageMaker names the streams of its log group of training jobs itself."
PULL_REASON = "ECR takes no resource for the token with which images are pulled."
METRICS_REASON = "CloudWatch takes no resource for PutMetricData; the condition names the namespace."
INTERFACE_REASON = "SageMaker makes the job's network interfaces, whose ids are not known before."
# What the functions around the job call, by the service's endpoint in a VPC.
REACH: dict[str, list[str]] = {
    "sagemaker.api": [
        *("sagemaker:CreateModelPackage", "sagemaker:CreateModelPackageGroup"),
        *("sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"),
    ],
    "sns": ["sns:Publish"],
    "states": ["states:SendTaskSuccess"],
    "dynamodb": ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"],
}
NETWORK_ACTIONS = (
    *("ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface"),
    *("ec2:DeleteNetworkInterfacePermission", "ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces"),
    *("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"),
)
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


def image(stack: SlipwayStack) -> str:
    """Return the image of the environment's region; where that is open, the region deployed to decides."""
    training = stack.settings.training
    if training.image is not None:
        return training.image
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
        found["VpcConfig"] = {
            "Subnets": list(network.subnet_ids),
            "SecurityGroupIds": list(network.security_group_ids),
        }
    return found


def role(stack: SlipwayStack, code: str, uri: str) -> iam.Role:
    """Return the job's role. `code`: ARN of its archive."""
    made, artifacts, key = (
        iam.Role(stack, "JobRole", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com")),
        stack.bucket_arn("artifacts"),
        stack.key(),
    )
    read = [f"{artifacts}/{RUNS}/*", f"{artifacts}/{MODELS}/*"]
    allow(made, ["s3:GetObject"], [code, *read], wildcard_reason=RUNS_REASON)
    allow(made, ["s3:PutObject", "s3:AbortMultipartUpload"], read[:1], wildcard_reason=RUNS_REASON)
    allow(made, ["s3:ListBucket"], [artifacts])
    allow_key(made, key.key_arn if key else None)
    group = stack.format_arn(
        service="logs",
        resource="log-group",
        resource_name=f"{NAMESPACE}*",
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )
    writes = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    allow(made, writes, [group], wildcard_reason=LOGS_REASON)
    named = {"StringEquals": {"cloudwatch:namespace": NAMESPACE}}
    made.add_to_policy(iam.PolicyStatement(actions=["cloudwatch:PutMetricData"], resources=["*"], conditions=named))
    allow(made, ["ecr:GetAuthorizationToken"], ["*"], wildcard_reason=f"{PULL_REASON} {METRICS_REASON}")
    repository = stack.format_arn(
        service="ecr",
        account=cdk.Fn.select(0, cdk.Fn.split(".", uri)),
        resource="repository",
        resource_name=uri.rpartition("/")[2].partition(":")[0],
    )
    pulls = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    allow(made, pulls, [repository])
    if stack.function_network():
        allow(made, NETWORK_ACTIONS, ["*"], wildcard_reason=INTERFACE_REASON)
    return made
