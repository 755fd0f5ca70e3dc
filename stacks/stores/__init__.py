"""The kinds of vector store: one file for each, one line here to choose.

A kind says what the retrieval stack makes of it, and by which variables and permissions every other stack reaches it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_cdk import aws_iam as iam
    from constructs import IConstruct

    from slipway_constructs.monitoring import Monitor
    from stacks.settings import Settings
    from stacks.slipway_stack import SlipwayStack

Access = Literal["search", "write"]
# Of stores without transactions, whose documents have a guard each in the documents table.
GUARD_READS = ("dynamodb:BatchGetItem",)
GUARD_WRITES = (*GUARD_READS, "dynamodb:UpdateItem")
# Of whoever compares and drops generations: all guards of one are read, and in the end deleted.
GUARD_GENERATIONS = (*GUARD_READS, "dynamodb:DeleteItem", "dynamodb:Scan")
WITH_GENERATIONS = ("aurora", "opensearch", "s3_vectors")


@dataclass(frozen=True, kw_only=True)
class Made:
    """A store that the retrieval stack has made.

    `names` are published for other stacks; `variables` and `allow` are for the function that migrates it; another
    `identity` is another, empty store, which makes the migration run; it waits for `ready`.
    """

    names: dict[str, str]
    variables: dict[str, str]
    allow: Callable[[iam.Role], None]
    identity: str
    ready: Sequence[IConstruct] = field(default_factory=tuple)


class StoreKind(Protocol):
    """One kind of vector store."""

    @property
    def reach(self) -> Mapping[str, Sequence[str]]:
        """Return what functions do to use it, actions by service, beyond those of every environment."""
        ...

    def make(self, stack: SlipwayStack) -> Made:
        """Make the store in the retrieval stack."""
        ...

    def variables(self, stack: SlipwayStack) -> dict[str, str]:
        """Return the variables by which functions of other stacks find it; STORE names its kind."""
        ...

    def allow(self, stack: SlipwayStack, role: iam.Role, access: Access) -> None:
        """Let a role of another stack search the store, or also write to it."""
        ...

    def monitors(self, stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
        """Make the store's alarms and dashboard widgets in the observability stack."""
        ...


class GenerationKind(StoreKind, Protocol):
    """A kind of store that can hold several generations of the index."""

    @property
    def generation_reach(self) -> Mapping[str, Sequence[str]]:
        """Return what the function that makes and drops them does beyond `reach`, actions by service."""
        ...

    def allow_generations(self, stack: SlipwayStack, role: iam.Role) -> None:
        """Let a role of another stack make, compare and drop generations."""
        ...


def generation_kind(settings: Settings) -> GenerationKind | None:
    """Return the kind that the settings choose, None if it has one index only."""
    chosen = kind(settings)
    return cast("GenerationKind", chosen) if settings.retrieval.store in WITH_GENERATIONS else None


def kind(settings: Settings) -> StoreKind:
    """Return the kind that the settings choose."""
    match settings.retrieval.store:
        case "aurora":
            from stacks.stores.aurora import AuroraKind  # noqa: PLC0415 - the others load what they need of the CDK

            return AuroraKind()
        case "opensearch":
            from stacks.stores.opensearch import OpenSearchKind  # noqa: PLC0415

            return OpenSearchKind()
        case "kendra":
            from stacks.stores.kendra import KendraKind  # noqa: PLC0415

            return KendraKind()
        case "s3_vectors":
            from stacks.stores.s3_vectors import S3VectorsKind  # noqa: PLC0415

            return S3VectorsKind()
