"""Acknowledging a rule of cdk-nag on a construct, with the reason that a security reviewer reads."""

from typing import Any

import aws_cdk as cdk
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept a finding of `rule` (like AwsSolutions-L1, or AwsSolutions-IAM5[Resource::*]) on a construct and below.

    Raises: ValueError if the reason is too short to be one.
    """
    if len(reason.split()) < 6:
        raise ValueError(f"the acknowledgement of {rule} needs a reason that a reviewer can judge, got {reason!r}")
    cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=rule, reason=reason))


def flat(value: Any) -> str:
    """Return a resolved CloudFormation value as cdk-nag writes it in the ids of its findings."""
    if isinstance(value, str):
        return value.replace("${", "<").replace("}", ">")
    if "Fn::Join" in value:
        delimiter, parts = value["Fn::Join"]
        return str(delimiter).join(flat(part) for part in parts)
    if "Fn::GetAtt" in value:
        return "<{}.{}>".format(*value["Fn::GetAtt"])
    return f"<{value['Ref']}>"
