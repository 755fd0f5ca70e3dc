"""What the pipeline's tests may do in an environment: read the gateway's address and key, and ask."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from slipway_constructs.permissions import allow, allow_key
from stacks.settings import Settings
from stacks.slipway_stack import SlipwayStack

NAMES_REASON = (
    "What the stacks publish are names and addresses, no secrets; the tests read several of this environment."
)
DOCUMENTS_REASON = "The tests put documents of any name into this one bucket, where the settings let them."


def role_name(environment: str) -> str:
    """Return the name of the role, which another account has to know."""
    return f"slipway-{environment}-delivery-tests"


class DeliveryAccessStack(SlipwayStack):
    """A role that only the pipeline's builds in the tooling account may assume."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings, tooling: str, documents: bool) -> None:
        super().__init__(scope, "delivery", name=name, settings=settings)
        builds = f"arn:{cdk.Aws.PARTITION}:iam::{tooling}:role/slipway-delivery-*"
        role = iam.Role(
            self,
            "Tests",
            role_name=role_name(name),
            assumed_by=iam.AccountPrincipal(tooling).with_conditions({"ArnLike": {"aws:PrincipalArn": builds}}),
        )
        published = self.format_arn(service="ssm", resource="parameter", resource_name=f"slipway/{name}/*")
        allow(role, ["ssm:GetParameter"], [published], wildcard_reason=NAMES_REASON)
        allow(role, ["secretsmanager:GetSecretValue"], [self.look_up("gateway", "api-key-secret-arn")])
        if documents:
            objects = f"{self.bucket_arn('raw')}/default/*"
            allow(role, ["s3:PutObject", "s3:GetObject"], [objects], wildcard_reason=DOCUMENTS_REASON)
        key = self.key()
        allow_key(role, key.key_arn if key else None)
