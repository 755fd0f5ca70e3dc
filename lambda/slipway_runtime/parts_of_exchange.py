"""Puts the parts of an exchange together from the environment, as `parts` does with all others."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from slipway_runtime import parts, parts_of_guard, parts_of_memory, settings
from slipway_runtime.generate.answer import Answerer, Retrieval
from slipway_runtime.generate.backends.bedrock import Bedrock
from slipway_runtime.generate.documents import Documents
from slipway_runtime.generate.exchange import AskModel, Exchange, Onward, Step, Steps, passes, within
from slipway_runtime.generate.models import RoutedModel, Spent
from slipway_runtime.generate.record import record
from slipway_runtime.generate.routes.router import Router
from slipway_runtime.generate.routes.stored import StoredTable
from slipway_runtime.generate.routes.table import Alias, Route
from slipway_runtime.operate.clients import client
from slipway_runtime.parts_of_meters import meter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slipway_runtime.generate.backends.protocol import Backend
    from slipway_runtime.generate.events import Event
    from slipway_runtime.generate.facts import Facts
    from slipway_runtime.generate.prompts.resolve import Resolver
    from slipway_runtime.operate.secret import Secret
    from slipway_runtime.reindex.generations import Generation
    from slipway_runtime.retrieve.search import Searcher


def table() -> StoredTable:
    """Return the routing table of this environment."""
    return StoredTable(ssm=client("ssm"), name=settings.required("ROUTES_PARAMETER"))


@functools.cache
def router() -> Router:
    """Return what asks the routes; the breakers of this process are its own."""
    return Router(backend=backend)


@functools.cache
def _secret(arn: str) -> Secret:
    from slipway_runtime.operate.secret import Secret  # noqa: PLC0415 - only routes to servers of one's own have one

    return Secret(client=client("secretsmanager"), arn=arn)


def backend(route: Route) -> Backend:
    """Return the backend of a route."""
    if route.sagemaker:
        from slipway_runtime.generate.backends.sagemaker import SageMaker  # noqa: PLC0415 - of the kinds few are used

        place = route.sagemaker
        return SageMaker(
            client=client("sagemaker-runtime"),
            endpoint=place.endpoint,
            schema=place.schema,
            component=place.component,
            prompt_format=place.prompt_format,
            extra=route.extra,
        )
    if route.openai:
        from slipway_runtime.generate.backends.openai_compatible import OpenAiCompatible, no_key  # noqa: PLC0415

        server = route.openai
        key = _secret(server.key_secret_arn).get if server.key_secret_arn else no_key
        return OpenAiCompatible(url=server.url, model=server.model, key=key, extra=route.extra)

    return Bedrock(client=client("bedrock-runtime"), model_id=route.bedrock, extra=route.extra)


def answerer(name: str, alias: Alias, searcher: Searcher, user: str = "", spent: Spent | None = None) -> Answerer:
    """Return what answers questions from the documents that `searcher` finds, by the models of an alias.

    `spent` is told of calls beside the answer itself.
    """
    retrieval = Retrieval(
        top_k=int(settings.required("RETRIEVE_TOP_K")),
        min_score=float(settings.required("RETRIEVE_MIN_SCORE")),
        context_max_tokens=int(settings.required("CONTEXT_MAX_TOKENS")),
        rewrite=settings.required("REWRITE_QUESTIONS") == "true",
    )
    model = RoutedModel(router=router(), name=name, alias=alias, user=user, spent=spent)
    return Answerer(searcher=searcher, model=model, retrieval=retrieval)


@functools.cache
def _embedded() -> list[Facts]:
    """Return whose the next embedding is: a process works on one exchange at a time."""
    return []


@functools.cache
def searcher(generation: Generation | None) -> Searcher:
    """Return the search of a generation, kept with its connections; the exchange is told what it embeds."""
    return parts.searcher(generation, embedded)


def embedded(read: int) -> None:
    """Add tokens that were embedded to the exchange that is answered."""
    for facts in _embedded():
        facts.embedding_tokens += read


def begun(exchange: Exchange, onward: Onward) -> Iterator[Event]:
    """Count what is embedded from now on in this exchange."""
    _embedded()[:] = [exchange.facts]
    return onward(exchange)


def steps() -> Steps:
    """Return the steps of an exchange in this environment."""

    def grounded(exchange: Exchange) -> Answerer:
        found = searcher(parts.active())
        return answerer(exchange.name, exchange.alias, found, exchange.sticky, exchange.facts.spent)

    metered = _metered()
    return Steps(
        **metered | {"record": within(begun, metered["record"])},
        **parts_of_guard.guard(),
        prompt=_prompt() if settings.optional("PROMPTS_TABLE") else passes,
        memory=parts_of_memory.memory(),
        cache=parts_of_memory.cache(),
        documents=Documents(answerer=grounded, screen=parts_of_guard.screen()),
        compress=parts_of_memory.compress(),
        model=AskModel(router=router()),
    )


def _metered() -> dict[str, Step]:
    found = meter()
    if found is None:
        return {"record": record}
    from slipway_runtime.generate.budgeted import Budgeted  # noqa: PLC0415
    from slipway_runtime.generate.metering import Quotas, Recorded  # noqa: PLC0415

    recorded = Recorded(meter=found, embedding_model=settings.optional("EMBEDDING_MODEL_ID"))
    context = int(settings.required("CONTEXT_MAX_TOKENS"))
    quotas = Quotas(meter=found, context_tokens=context)
    return {
        "record": within(record, recorded),
        "quota": within(Budgeted(meter=found, alias=lambda name: table().alias(name)), quotas),
    }


def _prompt() -> Step:
    from slipway_runtime.generate.named_prompt import NamedPrompt  # noqa: PLC0415

    def resolver() -> Resolver:
        from slipway_runtime.parts_of_prompts import resolver as made  # noqa: PLC0415 - many requests name no prompt

        return made()

    return NamedPrompt(resolver=resolver, alias=table().alias, check=router().check)
