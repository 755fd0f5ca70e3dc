"""A Lambda function in Python, with its own role, log group and nothing it was not given.

Creates: the function (arm64, Python 3.13), a role, a log group.   Grants: the role may write to that log group only.
Source: Powertools for AWS Lambda, "Environment variables"; Lambda developer guide, "Defining Lambda function
permissions with an execution role".
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from slipway_constructs.acknowledgement import acknowledge
from slipway_constructs.dependency_layer import ARCHITECTURE, RUNTIME
from slipway_constructs.permissions import allow

RUNTIME_REASON = (
    "The lock files hold wheels for Python 3.13 on arm64, the newest that all of them are published for; "
    "3.13 is supported until 2029."
)
INTERFACE_REASON = (
    "Lambda makes the network interfaces of a function in a VPC; their ids are not known before, and EC2 takes no "
    "resource for describing them. No other action is allowed on *."
)
INTERFACE_ACTIONS = (
    *("ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"),
    *("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses"),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class FunctionNetwork:
    """The subnets and security groups that functions run in, by id."""

    subnet_ids: Sequence[str]
    security_group_ids: Sequence[str]


@dataclasses.dataclass(frozen=True, kw_only=True)
class FunctionDefaults:
    """What the functions of a stack share. `key`: encrypts logs; `network`: None runs them outside any VPC."""

    environment: str
    code: lambda_.Code
    layer: lambda_.ILayerVersion
    log_retention: logs.RetentionDays
    removal: cdk.RemovalPolicy
    log_level: str = "INFO"
    key: kms.IKey | None = None
    network: FunctionNetwork | None = None


class PythonFunction(Construct):
    """The function as `function`, its role as `role`.

    `module`: the module under `slipway_runtime.handlers`.   `memory`: between 128 MiB and 10 GiB.
    `scratch`: room in /tmp, up to 10 GiB; left out, Lambda's 512 MiB.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        module: str,
        description: str,
        defaults: FunctionDefaults,
        timeout: cdk.Duration,
        memory: cdk.Size,
        variables: Mapping[str, str],
        reserved_concurrency: int | None = None,
        scratch: cdk.Size | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = self._logs(defaults)
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        allow(self.role, ["logs:CreateLogStream", "logs:PutLogEvents"], [self.log_group.log_group_arn])
        self.function = lambda_.Function(
            self,
            "Function",
            description=description,
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            handler=f"slipway_runtime.handlers.{module}.handler",
            code=defaults.code,
            layers=[defaults.layer],
            role=self.role,
            log_group=self.log_group,
            timeout=timeout,
            memory_size=int(memory.to_mebibytes()),
            ephemeral_storage_size=scratch,
            reserved_concurrent_executions=reserved_concurrency,
            environment={**_common(module, defaults), **variables},
        )
        acknowledge(self.function, "AwsSolutions-L1", RUNTIME_REASON)
        if defaults.network is not None:
            self._join(defaults.network)

    def _logs(self, defaults: FunctionDefaults) -> logs.LogGroup:
        return logs.LogGroup(
            self,
            "Logs",
            retention=defaults.log_retention,
            removal_policy=defaults.removal,
            encryption_key=defaults.key,
        )

    def _join(self, network: FunctionNetwork) -> None:
        allow(self.role, INTERFACE_ACTIONS, ["*"], wildcard_reason=INTERFACE_REASON)
        resource = cast(lambda_.CfnFunction, self.function.node.default_child)
        resource.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
            subnet_ids=list(network.subnet_ids), security_group_ids=list(network.security_group_ids)
        )
        # Lambda checks the role when it creates the function, so the policy must be there first.
        self.function.node.add_dependency(self.role.node.find_child("DefaultPolicy"))


def _common(module: str, defaults: FunctionDefaults) -> dict[str, str]:
    return {
        "POWERTOOLS_SERVICE_NAME": module,
        "POWERTOOLS_METRICS_NAMESPACE": "Slipway",
        "POWERTOOLS_LOG_LEVEL": defaults.log_level,
        "SLIPWAY_ENVIRONMENT": defaults.environment,
    }
