"""In whose name this cloud delivers something: an AWS service's, for a source, or a role's.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from dataclasses import dataclass
from typing import Protocol

from slipway_local.permissions.enforcement import enforcement

# What delivering to a target needs, by the service in its ARN.
DELIVERY_ACTIONS = {
    "events": "events:PutEvents",
    "lambda": "lambda:InvokeFunction",
    "sns": "sns:Publish",
    "sqs": "sqs:SendMessage",
    "states": "states:StartExecution",
}


class Sender(Protocol):
    """Who delivers."""

    def may(self, action: str, arn: str) -> bool:
        """Return whether they may; always true while policies are not enforced."""
        ...


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service by its own name, let in by the target's policy: S3 for a bucket, EventBridge for a rule."""

    principal: str
    source_arn: str

    def may(self, action: str, arn: str) -> bool:
        """Return whether the target's policy lets the service in."""
        return enforcement.service_may(self.principal, action, arn, self.source_arn)


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role that the service assumes: a schedule's, a rule target's, a function's own."""

    arn: str

    def may(self, action: str, arn: str) -> bool:
        """Return whether the role's policies allow it."""
        return enforcement.role_may(self.arn, action, arn)
