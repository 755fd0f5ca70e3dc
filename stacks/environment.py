"""One environment: its stacks, and the order in which they are deployed."""

from __future__ import annotations

from typing import Protocol

import aws_cdk as cdk
from constructs import Construct

from stacks.deletion import DeletionStack
from stacks.foundation import FoundationStack
from stacks.gateway import GatewayStack
from stacks.ingestion import IngestionStack
from stacks.labelling import LabellingStack
from stacks.observability import ObservabilityStack
from stacks.retrieval import RetrievalStack
from stacks.settings import Settings
from stacks.settings_file import stage_id
from stacks.slipway_stack import SlipwayStack


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
        kinds: tuple[_Kind, ...] = (
            FoundationStack,
            *_network(settings),
            RetrievalStack,
            IngestionStack,
            *_datasets(settings),
            *((LabellingStack,) if settings.labelling.enabled else ()),
            DeletionStack,
            GatewayStack,
            *_augmentation(settings),
            *_evaluation(settings),
            ObservabilityStack,
        )
        self.stacks: list[SlipwayStack] = [kind(self, name=name, settings=settings) for kind in kinds]
        for earlier, later in zip(self.stacks, self.stacks[1:], strict=False):
            later.add_stack_dependency(earlier)
        for key, value in {"slipway:environment": name, **settings.tags}.items():
            cdk.Tags.of(self).add(key, value)


class _Kind(Protocol):
    def __call__(self, scope: Construct, *, name: str, settings: Settings) -> SlipwayStack: ...


def _network(settings: Settings) -> tuple[_Kind, ...]:
    if settings.network.mode == "none":
        return ()
    from stacks.network import NetworkStack  # noqa: PLC0415 - a twentieth of a synthesis, for nothing without a VPC

    return (NetworkStack,)


def _augmentation(settings: Settings) -> tuple[_Kind, ...]:
    if not settings.augmentation.enabled:
        return ()
    from stacks.augmentation import AugmentationStack  # noqa: PLC0415 - nothing of it is read where it is off

    return (AugmentationStack,)


def _evaluation(settings: Settings) -> tuple[_Kind, ...]:
    if not settings.evaluation.enabled:
        return ()
    from stacks.evaluation import EvaluationStack  # noqa: PLC0415 - nothing of it is read where it is off

    return (EvaluationStack,)


def _datasets(settings: Settings) -> tuple[_Kind, ...]:
    if not settings.datasets.enabled:
        return ()
    from stacks.datasets import DatasetsStack  # noqa: PLC0415 - nothing of it is read where it is off

    return (DatasetsStack,)


def _boundary(policy: str | None) -> cdk.PermissionsBoundary | None:
    if policy is None:
        return None
    if policy.startswith("arn:"):
        return cdk.PermissionsBoundary.from_arn(policy)
    return cdk.PermissionsBoundary.from_name(policy)
