"""One environment: its stacks, and the order in which they are deployed."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from stacks.acknowledged import acknowledge_findings
from stacks.features import parts
from stacks.settings import Settings
from stacks.settings_file import stage_id


class EnvironmentStage(cdk.Stage):
    """The stacks of one environment as `stacks`, in deployment order; without a VPC there is no network stack.

    Names pass by SSM parameters, which CDK cannot see: each stack therefore waits for the one before it.
    """

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(
            scope,
            stage_id(name),
            env=cdk.Environment(account=settings.account, region=settings.region),
            permissions_boundary=_boundary(settings.permissions_boundary),
        )
        kinds = [part.stack() for part in parts(settings)]
        self.stacks = [kind(self, name=name, settings=settings) for kind in kinds]
        for earlier, later in zip(self.stacks, self.stacks[1:], strict=False):
            later.add_stack_dependency(earlier)
        for key, value in {"slipway:environment": name, **settings.tags}.items():
            cdk.Tags.of(self).add(key, value)
        acknowledge_findings(self, settings)


def _boundary(policy: str | None) -> cdk.PermissionsBoundary | None:
    if policy is None:
        return None
    if policy.startswith("arn:"):
        return cdk.PermissionsBoundary.from_arn(policy)
    return cdk.PermissionsBoundary.from_name(policy)
