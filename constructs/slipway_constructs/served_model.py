"""A model with the container that serves it, and the role that both have.

Creates: AWS::SageMaker::Model; `endpoint_role` a role.   Grants: the role reads the model's files, pulls the image,
writes the endpoint's log, and captured requests below its own prefix.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html#sagemaker-roles-createmodel-perms
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/large-model-inference-uncompressed.html
"""

import dataclasses
from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from slipway_constructs.permissions import allow, allow_key
from slipway_constructs.python_function import FunctionNetwork

LOG_GROUPS = ("Endpoints", "InferenceComponents")
MODEL_REASON = "A model is many files below one prefix, whose names its author chose."
CAPTURE_REASON = "SageMaker names captured files by endpoint, variant, date and hour, below one prefix."
LOGS_REASON = "SageMaker names the log group by the endpoint, and its streams by instances, which come and go."
PULL_REASON = "ECR takes no resource for the token with which images are pulled."
METRICS_REASON = "CloudWatch takes no resource for PutMetricData; a condition leaves SageMaker's namespaces alone."
INTERFACE_REASON = "SageMaker makes the network interfaces of instances itself; their ids are not known before."
NETWORK_ACTIONS = (
    *("ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface"),
    *("ec2:DeleteNetworkInterfacePermission", "ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces"),
    *("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelContainer:
    """What serves: an image with its variables and the prefix of the model's files, or a version in the registry.

    `bucket`, `prefix`: of the files, the bucket by its name.   `package_arn`: of the version, instead of all others.
    """

    image: str = ""
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    bucket: str = ""
    prefix: str = ""
    package_arn: str = ""


class ServedModel(Construct):
    """The model's name as `name`. It has no route to any network but the VPC's, if there is one."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        container: ModelContainer,
        role: iam.Role,
        network: FunctionNetwork | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.model = sagemaker.CfnModel(
            self,
            "Model",
            execution_role_arn=role.role_arn,
            primary_container=_definition(container),
            enable_network_isolation=True,
            vpc_config=vpc_config(network),
        )
        # SageMaker reads the files in the role's name as soon as the model is made.
        self.model.node.add_dependency(role.node.find_child("DefaultPolicy"))
        self.name = self.model.attr_model_name


def vpc_config(network: FunctionNetwork | None) -> dict[str, Sequence[str]] | None:
    """Return a VpcConfig, None outside any VPC."""
    if network is None:
        return None
    return {"subnets": network.subnet_ids, "securityGroupIds": network.security_group_ids}


def _definition(container: ModelContainer) -> sagemaker.CfnModel.ContainerDefinitionProperty:
    if container.package_arn:
        return sagemaker.CfnModel.ContainerDefinitionProperty(model_package_name=container.package_arn)
    source = sagemaker.CfnModel.S3DataSourceProperty(
        s3_uri=f"s3://{container.bucket}/{container.prefix}", s3_data_type="S3Prefix", compression_type="None"
    )
    return sagemaker.CfnModel.ContainerDefinitionProperty(
        image=container.image,
        environment=dict(container.environment),
        model_data_source=sagemaker.CfnModel.ModelDataSourceProperty(s3_data_source=source),
    )


def endpoint_role(
    scope: Construct,
    construct_id: str,
    *,
    name: str,
    containers: Sequence[ModelContainer],
    capture_arn: str | None,
    key_arn: str | None,
    network: FunctionNetwork | None,
) -> iam.Role:
    """Return the role of an endpoint's models. `name`: of the endpoint.   `capture_arn`: objects that it may write."""
    stack = cdk.Stack.of(scope)
    role = iam.Role(scope, construct_id, assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
    for container in containers:
        if container.package_arn:
            allow(role, ["sagemaker:DescribeModelPackage"], [container.package_arn])
        else:
            bucket = stack.format_arn(service="s3", region="", account="", resource=container.bucket)
            allow(role, ["s3:GetObject"], [f"{bucket}/{container.prefix}*"], wildcard_reason=MODEL_REASON)
            allow(role, ["s3:ListBucket"], [bucket])
            allow(role, PULL_ACTIONS, [_repository(stack, container.image)])
    if capture_arn:
        allow(role, ["s3:PutObject"], [capture_arn], wildcard_reason=CAPTURE_REASON)
    allow_key(role, key_arn)
    groups = [_log_group(stack, f"/aws/sagemaker/{kind}/{name}*") for kind in LOG_GROUPS]
    writes = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    allow(role, writes, groups, wildcard_reason=LOGS_REASON)
    spaces = {"StringLike": {"cloudwatch:namespace": ["AWS/SageMaker", "/aws/sagemaker/*"]}}
    role.add_to_policy(iam.PolicyStatement(actions=["cloudwatch:PutMetricData"], resources=["*"], conditions=spaces))
    allow(role, ["ecr:GetAuthorizationToken"], ["*"], wildcard_reason=f"{PULL_REASON} {METRICS_REASON}")
    if network:
        allow(role, NETWORK_ACTIONS, ["*"], wildcard_reason=INTERFACE_REASON)
    return role


PULL_ACTIONS = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def _repository(stack: cdk.Stack, image: str) -> str:
    account, name = cdk.Fn.select(0, cdk.Fn.split(".", image)), image.rpartition("/")[2].partition(":")[0]
    return stack.format_arn(service="ecr", account=account, resource="repository", resource_name=name)


def _log_group(stack: cdk.Stack, name: str) -> str:
    return stack.format_arn(
        service="logs", resource="log-group", resource_name=name, arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME
    )
