"""Permissions written out action by action.

The grants of the CDK library write wildcards (`s3:GetObject*`, `kms:ReEncrypt*`); these helpers never do.
"""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import IConstruct

from slipway_constructs.acknowledgement import acknowledge, flat

USE_KEY = ("kms:Decrypt", "kms:GenerateDataKey")


def allow(
    role: iam.Role,
    actions: Sequence[str],
    resources: Sequence[str],
    *,
    wildcard_reason: str | None = None,
) -> None:
    """Let a role do the actions on the resources, ARNs.

    A resource with a wildcard needs `wildcard_reason`, which becomes the acknowledgement of the finding.
    Raises: ValueError if an action holds a wildcard, or a resource does without a reason.
    """
    role.add_to_policy(statement(actions, resources))
    acknowledge_wildcards(role, resources, wildcard_reason)


def statement(actions: Sequence[str], resources: Sequence[str]) -> iam.PolicyStatement:
    """Return a statement that allows the actions. Raises: ValueError if one of them holds a wildcard."""
    if any("*" in action for action in actions):
        raise ValueError(f"actions are written out, without wildcards: {', '.join(actions)}")
    return iam.PolicyStatement(actions=list(actions), resources=list(resources))


def acknowledge_wildcards(construct: IConstruct, resources: Sequence[str], reason: str | None) -> None:
    """Acknowledge the findings of resources with a wildcard. Raises: ValueError if there is one and no reason."""
    for resource in resources:
        if "*" not in resource:
            continue
        if reason is None:
            raise ValueError(f"the wildcard in {resource} needs a reason")
        resolved = flat(cdk.Stack.of(construct).resolve(resource))
        acknowledge(construct, f"AwsSolutions-IAM5[Resource::{resolved}]", reason)


def allow_key(role: iam.Role, key_arn: str | None) -> None:
    """Let a role encrypt and decrypt with the environment's key, if it has one of its own."""
    if key_arn is not None:
        allow(role, USE_KEY, [key_arn])
