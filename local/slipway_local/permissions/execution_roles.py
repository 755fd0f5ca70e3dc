"""What the role of a function or state machine must be allowed for it to be created with its settings.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions,
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html and
https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
"""

from collections.abc import Mapping
from typing import Any

from slipway_local.permissions.enforcement import enforcement
from slipway_local.permissions.senders import DELIVERY_ACTIONS

INTERFACES = ("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface")


def check_function(role: str, settings: Mapping[str, Any]) -> None:
    """Refuse a function whose role may not do what its dead-letter queue or its network needs."""
    if target := (settings.get("DeadLetterConfig") or {}).get("TargetArn"):
        check_delivery(role, target, target.split(":")[2].upper())
    if (settings.get("VpcConfig") or {}).get("SubnetIds"):
        interfaces = f"arn:{enforcement.partition}:ec2:{enforcement.region}:{enforcement.account}:network-interface/*"
        for action in INTERFACES:
            _check(role, action, "*" if ":Describe" in action else interfaces, "EC2")


def check_delivery(role: str, target: str, shown: str) -> None:
    """Refuse a target that a function's role may not send to. `shown`: how Lambda names it."""
    action = DELIVERY_ACTIONS.get(target.split(":")[2])
    if action:
        _check(role, action, target, shown)


def _check(role: str, action: str, resource: str, shown: str) -> None:
    from moto.awslambda.exceptions import InvalidParameterValueException

    if not enforcement.role_may(role, action, resource):
        operation = action.partition(":")[2]
        raise InvalidParameterValueException(
            f"The provided execution role does not have permissions to call {operation} on {shown}"
        )


def states_may_assume(role: str, machine_arn: str) -> bool:
    """Return whether Step Functions may assume a role for a machine; always true while policies are not enforced."""
    principals = ("states.amazonaws.com", f"states.{enforcement.region}.amazonaws.com")
    return any(enforcement.service_may(one, "sts:AssumeRole", role, machine_arn) for one in principals)
