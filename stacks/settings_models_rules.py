"""The rules of the models and others, each with its remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stacks.regions import can_call, profile_prefix
from stacks.settings_models import Route, routes_document
from stacks.settings_violation import Violation

if TYPE_CHECKING:
    from stacks.settings import Settings

# Source: AWS Systems Manager user guide, "Managing parameter tiers" (standard parameters cost nothing).
MAX_TABLE_BYTES = 4096
NOT_CHAT = ("embed", "rerank")
EMBEDDING = "embedding"


def _aliases(settings: Settings) -> Iterator[Violation]:
    models = settings.models
    if "default" not in models:
        yield Violation(
            key=("models",),
            expected="an alias named default",
            got=sorted(models) or "no alias",
            remedy="Rename the alias that clients get when they do not care, or add one.",
        )
    if EMBEDDING in models:
        yield Violation(
            key=("models", EMBEDDING),
            expected="another name: this one is the embedding model of /v1/embeddings",
            got=EMBEDDING,
            remedy="Rename the alias.",
        )
    size = len(routes_document(models).encode())
    if size > MAX_TABLE_BYTES:
        yield Violation(
            key=("models",),
            expected=f"at most {MAX_TABLE_BYTES} bytes as JSON, which is what a parameter of Systems Manager holds",
            got=f"{size} bytes in {len(models)} aliases",
            remedy="Remove the aliases that nobody uses.",
        )


def _routes(settings: Settings) -> Iterator[Violation]:
    for alias, model in settings.models.items():
        for part, routes in (("routes", model.routes), ("fallback", model.fallback)):
            for index, route in enumerate(routes):
                yield from _route(settings, ("models", alias, part, index), route)


def _route(settings: Settings, key: tuple[str | int, ...], route: Route) -> Iterator[Violation]:
    if len(route.kinds) != 1:
        yield Violation(
            key=key,
            expected="one of bedrock, sagemaker and openai",
            got=" and ".join(route.kinds) or "none of them",
            remedy="Name the one place that the route goes to; write another route for another place.",
        )
    if any(word in route.bedrock for word in NOT_CHAT):
        yield Violation(
            key=(*key, "bedrock"),
            expected="a model that writes text",
            got=route.bedrock,
            remedy="This one embeds or ranks: take a text model, like eu.amazon.nova-lite-v1:0.",
        )
    region = settings.region
    if region and route.bedrock and not can_call(region, route.bedrock):
        yield Violation(
            key=(*key, "bedrock"),
            expected=f"a model or inference profile that {region} can call",
            got=route.bedrock,
            remedy=f"There are no inference profiles {profile_prefix(route.bedrock)}.* there: take another prefix "
            "or the plain id.",
        )
    network = settings.network
    if route.openai and network.mode == "create" and not network.nat_gateways:
        yield Violation(
            key=(*key, "openai"),
            expected="a network with a way to the internet",
            got="network.mode create with nat_gateways 0",
            remedy="Set network.nat_gateways to 1 or more, or import a network from which the server is reached.",
        )


RULES: tuple[Callable[[Settings], Iterator[Violation]], ...] = (_aliases, _routes)
