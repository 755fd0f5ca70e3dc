"""The role of a run's jobs, training and evaluation.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html#sagemaker-roles-createtrainingjob-perms
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from slipway_constructs.permissions import allow, allow_key
from stacks.training_job import MODELS, NAMESPACE, RUNS, RUNS_REASON

if TYPE_CHECKING:
    from stacks.slipway_stack import SlipwayStack

PROCESSING = "/aws/sagemaker/ProcessingJobs"
LOGS_REASON = "SageMaker names the streams of its log groups of jobs itself."
PULL_REASON = "ECR takes no resource for the token with which images are pulled."
METRICS_REASON = "CloudWatch takes no resource for PutMetricData; the condition names the namespace."
INTERFACE_REASON = "SageMaker makes the job's network interfaces, whose ids are not known before."
NETWORK_ACTIONS = (
    *("ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface"),
    *("ec2:DeleteNetworkInterfacePermission", "ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces"),
    *("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"),
)


def role(stack: SlipwayStack, code: str, uris: Iterable[str]) -> iam.Role:
    """Return the role of both jobs. `code`: ARN of the training job's archive; the other's is below the run."""
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
    groups = [
        stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"{name}*",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        for name in (NAMESPACE, PROCESSING)
    ]
    writes = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    allow(made, writes, groups, wildcard_reason=LOGS_REASON)
    named = {"StringEquals": {"cloudwatch:namespace": NAMESPACE}}
    made.add_to_policy(iam.PolicyStatement(actions=["cloudwatch:PutMetricData"], resources=["*"], conditions=named))
    allow(made, ["ecr:GetAuthorizationToken"], ["*"], wildcard_reason=f"{PULL_REASON} {METRICS_REASON}")
    pulls = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    allow(made, pulls, [_repository(stack, uri) for uri in uris])
    if stack.function_network():
        allow(made, NETWORK_ACTIONS, ["*"], wildcard_reason=INTERFACE_REASON)
    return made


def _repository(stack: SlipwayStack, uri: str) -> str:
    return stack.format_arn(
        service="ecr",
        account=cdk.Fn.select(0, cdk.Fn.split(".", uri)),
        resource="repository",
        resource_name=uri.rpartition("/")[2].partition(":")[0],
    )
