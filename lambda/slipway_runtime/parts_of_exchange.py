"""Puts the parts of an exchange together from the environment, as `parts` does with all others."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from slipway_runtime import parts, settings
from slipway_runtime.generate.answer import Answerer, Retrieval
from slipway_runtime.generate.backends.bedrock import Bedrock
from slipway_runtime.generate.documents import Documents
from slipway_runtime.generate.exchange import AskModel, Exchange, Steps
from slipway_runtime.generate.models import RoutedModel
from slipway_runtime.generate.record import record
from slipway_runtime.generate.routes.router import Router
from slipway_runtime.generate.routes.stored import StoredTable
from slipway_runtime.generate.routes.table import Alias, Route
from slipway_runtime.operate.clients import client

if TYPE_CHECKING:
    from slipway_runtime.generate.backends.protocol import Backend
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


def answerer(name: str, alias: Alias, searcher: Searcher, user: str = "") -> Answerer:
    """Return what answers questions from the documents that `searcher` finds, by the models of an alias."""
    retrieval = Retrieval(
        top_k=int(settings.required("RETRIEVE_TOP_K")),
        min_score=float(settings.required("RETRIEVE_MIN_SCORE")),
        context_max_tokens=int(settings.required("CONTEXT_MAX_TOKENS")),
        rewrite=settings.required("REWRITE_QUESTIONS") == "true",
    )
    model = RoutedModel(router=router(), name=name, alias=alias, user=user)
    return Answerer(searcher=searcher, model=model, retrieval=retrieval)


@functools.cache
def searcher(generation: Generation | None) -> Searcher:
    """Return the search of a generation, kept with its connections."""
    return parts.searcher(generation)


def steps() -> Steps:
    """Return the steps of an exchange in this environment."""

    def grounded(exchange: Exchange) -> Answerer:
        return answerer(exchange.name, exchange.alias, searcher(parts.active()), exchange.sticky)

    model = AskModel(router=router())
    if not settings.optional("GUARD_PARAMETER"):
        return Steps(record=record, documents=Documents(answerer=grounded), model=model)
    from slipway_runtime.parts_of_guard import guard, screen  # noqa: PLC0415 - only where it is on

    documents = Documents(answerer=grounded, screen=screen())
    return Steps(record=record, guard=guard(), documents=documents, model=model)
