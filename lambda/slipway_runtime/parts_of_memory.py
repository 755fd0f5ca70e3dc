"""Puts conversations, cache and compression together from the environment, as `parts` does with all others."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from slipway_runtime import parts, settings
from slipway_runtime.generate.exchange import Step, passes
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.rows import Table

if TYPE_CHECKING:
    from slipway_runtime.generate.exchange import Exchange
    from slipway_runtime.generate.memory.conversations import Conversations
    from slipway_runtime.generate.models import Spent, TextModel
    from slipway_runtime.retrieve.embed import Embedder


def conversations(tenant: str, user: str) -> Conversations:
    """Return the conversations of a user."""
    from slipway_runtime.generate.memory.conversations import Conversations  # noqa: PLC0415 - not every one has them

    table = Table(client=client("dynamodb"), name=settings.required("CONVERSATIONS_TABLE"))
    keep_days = int(settings.required("CONVERSATIONS_KEEP_DAYS"))
    return Conversations(table=table, tenant=tenant, user=user, keep_days=keep_days)


def memory() -> Step:
    """Return the step that remembers conversations, where the settings have them."""
    if not settings.optional("CONVERSATIONS_TABLE"):
        return passes
    from slipway_runtime.generate.memory.step import Memory  # noqa: PLC0415
    from slipway_runtime.generate.memory.summary import Summariser  # noqa: PLC0415

    def of(exchange: Exchange) -> Conversations:
        return conversations(exchange.tenant, exchange.user)

    max_tokens = int(settings.required("CONVERSATIONS_MAX_TOKENS"))
    return Memory(of=of, summariser=Summariser(model=_summariser, max_tokens=max_tokens))


def _summariser(spent: Spent) -> TextModel:
    from slipway_runtime import parts_of_exchange  # noqa: PLC0415 - which imports this module
    from slipway_runtime.generate.models import RoutedModel  # noqa: PLC0415

    name = settings.required("CONVERSATIONS_SUMMARY_ALIAS")
    alias = parts_of_exchange.table().alias(name)
    return RoutedModel(router=parts_of_exchange.router(), name=name, alias=alias, spent=spent)


def cache() -> Step:
    """Return the step that gives answers again, where the settings have it."""
    if not settings.optional("CACHE_TABLE"):
        return passes
    from slipway_runtime.generate.cache.answers import Answers  # noqa: PLC0415
    from slipway_runtime.generate.cache.step import Cache, Semantic  # noqa: PLC0415
    from slipway_runtime.operate.lineage import Lineage  # noqa: PLC0415

    table = Table(client=client("dynamodb"), name=settings.required("CACHE_TABLE"))
    documents = settings.required("DOCUMENTS_TABLE")
    lineage = Lineage(client=client("dynamodb"), documents_table=documents, rejects_table="")
    threshold = settings.optional("CACHE_THRESHOLD")

    @functools.cache
    def embedder() -> Embedder:
        from slipway_runtime import parts_of_exchange  # noqa: PLC0415 - which imports this module

        return parts.embedder(tokens=parts_of_exchange.embedded)

    return Cache(
        answers=Answers(table=table, seconds=int(settings.required("CACHE_SECONDS"))),
        epoch=lineage.epoch,
        semantic=Semantic(embedder=embedder, threshold=float(threshold)) if threshold else None,
    )


def forget_cached(tenant: str, user: str, conversation: str | None = None) -> int | None:
    """Remove cached answers to a user, or in one conversation, and return how many; None where there is no cache."""
    if not (name := settings.optional("CACHE_TABLE")):
        return None
    from slipway_runtime.generate.cache.answers import Answers  # noqa: PLC0415

    return Answers(table=Table(client=client("dynamodb"), name=name), seconds=0).forget_user(tenant, user, conversation)


def compress() -> Step:
    """Return the step that trims what was retrieved, where the settings have it."""
    if not (tokens := settings.optional("COMPRESS_TO_TOKENS")):
        return passes
    from slipway_runtime.generate.compress import Compress  # noqa: PLC0415

    return Compress(max_tokens=int(tokens))
