"""What the deployment flow may do: make and change what its own endpoints serve, and nothing of other endpoints.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsapplicationautoscaling.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from slipway_constructs.permissions import acknowledge_wildcards, allow, allow_key, statement
from stacks.names import parameter_name
from stacks.serving_names import full_name
from stacks.training_job import MODELS, RUNS

if TYPE_CHECKING:
    from slipway_constructs.logged_state_machine import LoggedStateMachine
    from stacks.slipway_stack import SlipwayStack

NAMED_REASON = (
    "Models and configurations are named by endpoint, version and deployment, of which only the first is known."
)
VERSIONS_REASON = "The registry numbers the versions of a model, which are not there yet when the stack is deployed."
FILES_REASON = "A version's files lie below the prefixes of models and runs, under names that nobody knows before."
METRICS_REASON = "CloudWatch takes no resource for GetMetricData; it reads numbers of requests, errors and seconds."
ALARMS_REASON = "Alarms of the serving stack have names of CloudFormation's, which begin with the stack's."
TARGETS_REASON = "Application Auto Scaling makes up the ids of scalable targets; the condition names the service."
EXECUTIONS_REASON = "Executions of this one state machine, whose names are made by who starts them."
ENDPOINT = ("CreateEndpoint", "UpdateEndpoint", "DescribeEndpoint", "DeleteEndpoint")
COMPONENT = tuple(f"{verb}InferenceComponent" for verb in ("Create", "Update", "Describe", "Delete"))
MADE = tuple(f"{verb}{kind}" for kind in ("Model", "EndpointConfig") for verb in ("Create", "Delete"))
SCALING = ("RegisterScalableTarget", "DeregisterScalableTarget", "PutScalingPolicy")


def deploys(stack: SlipwayStack, role: iam.Role) -> None:
    """Let the role of the steps deploy to the endpoints that follow the registry."""
    followed = stack.settings.serving.follows
    names = [full_name(stack.environment_name, endpoint) for endpoint in followed]
    _sagemaker(stack, role, names)
    _reads(stack, role)
    _scales(stack, role, names)
    tables = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
    allow(role, tables, [stack.table_arn("deployments")])
    allow_audit(stack, role)
    allow(role, ["sns:Publish"], [stack.look_up("foundation", "alarm-topic-arn")])
    key = stack.key()
    allow_key(role, key.key_arn if key else None)
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["iam:PassRole"],
            resources=[stack.look_up("serving", f"{endpoint.name}-role-arn") for endpoint in followed],
            conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        )
    )


def allow_audit(stack: SlipwayStack, role: iam.Role) -> None:
    """Let the role add entries to the audit table, each of which follows the last one's hash."""
    allow(role, ["dynamodb:PutItem", "dynamodb:Query"], [stack.table_arn("audit")])


def sees_executions(stack: SlipwayStack, role: iam.Role, machine: LoggedStateMachine) -> None:
    """Let the role ask whether the execution that holds a lock still runs.

    A policy of its own: the machine waits for the function, whose role therefore cannot name the machine.
    """
    executions = stack.format_arn(
        service="states",
        resource="execution",
        resource_name=f"{machine.machine.state_machine_name}:*",
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )
    own = iam.Policy(stack, "SeesExecutions", roles=[role])
    own.add_statements(statement(["states:DescribeExecution"], [executions]))
    acknowledge_wildcards(own, [executions], EXECUTIONS_REASON)


def _sagemaker(stack: SlipwayStack, role: iam.Role, names: list[str]) -> None:
    def arns(*kinds: str, tail: str = "") -> list[str]:
        return [stack.format_arn(service="sagemaker", resource=kind, resource_name=name + tail)
                for kind in kinds for name in names]  # fmt: skip

    # A call that joins an endpoint with its configuration is allowed on both.
    allow(role, [f"sagemaker:{one}" for one in (*ENDPOINT, *COMPONENT)], arns("endpoint", "inference-component"))
    made = arns("model", "endpoint-config", tail="-v*")
    allow(role, [f"sagemaker:{one}" for one in (*MADE, *ENDPOINT[:2])], made, wildcard_reason=NAMED_REASON)
    groups, versions = _registry(stack)
    allow(role, ["sagemaker:ListModelPackages"], [*groups, *versions], wildcard_reason=VERSIONS_REASON)
    allow(role, ["sagemaker:DescribeModelPackage"], versions, wildcard_reason=VERSIONS_REASON)


def _registry(stack: SlipwayStack) -> tuple[list[str], list[str]]:
    """Return the groups that endpoints follow, and all versions in them."""
    names = dict.fromkeys(
        f"slipway-{stack.environment_name}-{one.model.registry}" for one in stack.settings.serving.follows
    )
    groups, versions = (
        [stack.format_arn(service="sagemaker", resource=kind, resource_name=name + tail) for name in names]
        for kind, tail in (("model-package-group", ""), ("model-package", "/*"))
    )
    return groups, versions


def _reads(stack: SlipwayStack, role: iam.Role) -> None:
    allow(role, ["ssm:GetParameter"], _plans(stack))
    artifacts = stack.bucket_arn("artifacts")
    allow(role, ["s3:ListBucket"], [artifacts])
    files = [f"{artifacts}/{prefix}/*" for prefix in (MODELS, RUNS)]
    allow(role, ["s3:GetObject"], files, wildcard_reason=FILES_REASON)
    allow(role, ["cloudwatch:GetMetricData"], ["*"], wildcard_reason=METRICS_REASON)


def _plans(stack: SlipwayStack) -> list[str]:
    names = [
        parameter_name(stack.environment_name, "serving", f"{one.name}-plan") for one in stack.settings.serving.follows
    ]
    return [stack.format_arn(service="ssm", resource="parameter", resource_name=name[1:]) for name in names]


def retires(stack: SlipwayStack, role: iam.Role) -> None:
    """Let a role archive versions of the models that endpoints follow, and move their files to cold storage."""
    groups, versions = _registry(stack)
    allow(role, ["sagemaker:ListModelPackages"], [*groups, *versions], wildcard_reason=VERSIONS_REASON)
    changes = ["sagemaker:DescribeModelPackage", "sagemaker:UpdateModelPackage"]
    allow(role, changes, versions, wildcard_reason=VERSIONS_REASON)
    allow(role, ["ssm:GetParameter"], _plans(stack))
    artifacts = stack.bucket_arn("artifacts")
    allow(role, ["s3:ListBucket"], [artifacts])
    files = [f"{artifacts}/{prefix}/*" for prefix in (MODELS, RUNS)]
    allow(role, ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"], files, wildcard_reason=FILES_REASON)
    allow(role, ["cloudwatch:GetMetricData"], ["*"], wildcard_reason=METRICS_REASON)
    allow(role, ["dynamodb:GetItem"], [stack.table_arn("deployments")])
    allow_audit(stack, role)
    key = stack.key()
    allow_key(role, key.key_arn if key else None)


def _scales(stack: SlipwayStack, role: iam.Role, names: list[str]) -> None:
    def alarm(name: str) -> str:
        return stack.format_arn(
            service="cloudwatch", resource="alarm", resource_name=name, arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME
        )

    serving = [alarm(f"slipway-{stack.environment_name}-serving-*")]
    allow(role, ["cloudwatch:SetAlarmState"], serving, wildcard_reason=ALARMS_REASON)
    allow(role, ["cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"], [alarm(f"{name}-asleep") for name in names])
    target = stack.format_arn(service="application-autoscaling", resource="scalable-target", resource_name="*")
    role.add_to_policy(
        iam.PolicyStatement(
            actions=[f"application-autoscaling:{one}" for one in SCALING],
            resources=[target],
            conditions={"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}},
        )
    )
    acknowledge_wildcards(role, [target], TARGETS_REASON)
    linked = "aws-service-role/sagemaker.application-autoscaling.amazonaws.com/*"
    service = stack.format_arn(service="iam", region="", resource="role", resource_name=linked)
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["iam:CreateServiceLinkedRole"],
            resources=[service],
            conditions={"StringLike": {"iam:AWSServiceName": "sagemaker.application-autoscaling.amazonaws.com"}},
        )
    )
    acknowledge_wildcards(role, [service], "The role that Application Auto Scaling has in an account, by its own name.")
