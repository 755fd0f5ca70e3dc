"""The gateway's function: chat completions, embeddings, models, and the description of all of it.

It runs under `slipway_runtime.streaming`, since it streams.
"""

import functools
from collections.abc import Callable
from typing import Any

from slipway_runtime import parts_of_exchange, settings
from slipway_runtime.generate.errors import ApiError, unknown_model
from slipway_runtime.generate.events import collect
from slipway_runtime.generate.exchange import Exchange, Steps
from slipway_runtime.generate.routes.stored import StoredTable
from slipway_runtime.handlers.chat_answer import ROUTE_HEADER, ChatAnswer
from slipway_runtime.handlers.chat_checks import check
from slipway_runtime.handlers.chat_types import ChatRequest
from slipway_runtime.handlers.embeddings import ALIAS as EMBEDDING
from slipway_runtime.handlers.embeddings import EmbeddingRequest, embeddings
from slipway_runtime.handlers.events import ApiRequest
from slipway_runtime.handlers.http import WithHeaders, decode_body, in_stream, respond
from slipway_runtime.operate.meter.meter import BOOKS_SECONDS
from slipway_runtime.operate.observability import observed
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.parts_of_meters import meter

MARGIN_SECONDS = 2.0
Route = Callable[[ApiRequest, Deadline], Any]


@observed
def handler(event: dict[str, Any], context: Any) -> Any:
    """Answer one request: a proxy response, or what streams."""
    # What an answer cost is written down after it, where there are meters.
    books = BOOKS_SECONDS if settings.optional("METERS_TABLE") else 0.0
    deadline = Deadline.of(context, MARGIN_SECONDS + books)
    return respond(event, lambda request: _route(request)(request, deadline))


def _route(request: ApiRequest) -> Route:
    verb, path = request.http_method, request.path.rstrip("/")
    if (verb, path) in ROUTES:
        return ROUTES[verb, path]
    if verb == "GET" and path.startswith("/v1/models/"):
        return _model
    known = any(path == each for _, each in ROUTES)
    if known:
        raise ApiError(405, "This path is not served with this method.", code="method_not_allowed")
    raise ApiError(404, "There is no such path.", code="not_found")


def _chat(request: ApiRequest, deadline: Deadline) -> Any:
    chat = decode_body(request, ChatRequest)
    who = request.request_context.authorizer
    user = who.acting_for(chat.user)
    alias = _table().alias(chat.model)
    asked = chat.slipway.documents if chat.slipway else None
    documents = alias.grounded if asked is None else asked
    check(chat, grounded=documents)
    exchange = Exchange(
        tenant=who.tenant,
        user=user,
        name=chat.model,
        alias=alias,
        request=chat.model_request,
        deadline=deadline,
        documents=documents,
        filter=chat.filter,
        wishes=chat.wishes,
    )
    if not exchange.wishes.get("prompt"):  # which may choose another alias
        parts_of_exchange.router().check(alias, exchange.request)
    events = _steps().answer(exchange)
    options = chat.stream_options
    answer = ChatAnswer(identifier=exchange.id, model=chat.model, include_usage=bool(options and options.include_usage))
    if chat.stream:
        return answer.streamed(events, in_stream)
    whole = collect(events)
    headers = whole.headers | ({ROUTE_HEADER: whole.route} if whole.route else {})
    return WithHeaders(answer.completion(whole), headers)


def _embeddings(request: ApiRequest, deadline: Deadline) -> Any:
    asked = decode_body(request, EmbeddingRequest)
    found = meter()
    if found is None:
        return embeddings(asked, deadline)
    from slipway_runtime.handlers.metered_embeddings import metered  # noqa: PLC0415 - where there are meters

    return metered(found, request.request_context.authorizer, asked, deadline)


def _models(_request: ApiRequest, _deadline: Deadline) -> Any:
    return {"object": "list", "data": [_described(name) for name in _names()]}


def _model(request: ApiRequest, _deadline: Deadline) -> Any:
    name = (request.path_parameters or {}).get("id") or request.path.rsplit("/", 1)[-1]
    if name not in _names():
        raise unknown_model(name, _names())
    return _described(name)


def _names() -> list[str]:
    return sorted({*_table().get().aliases, EMBEDDING})


def _described(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "slipway"}


def _openapi(_request: ApiRequest, _deadline: Deadline) -> Any:
    from slipway_runtime.handlers.openapi import document  # noqa: PLC0415 - few ask for it

    return document()


@functools.cache
def _table() -> StoredTable:
    return parts_of_exchange.table()


@functools.cache
def _steps() -> Steps:
    return parts_of_exchange.steps()


ROUTES: dict[tuple[str, str], Route] = {
    ("POST", "/v1/chat/completions"): _chat,
    ("POST", "/v1/embeddings"): _embeddings,
    ("GET", "/v1/models"): _models,
    ("GET", "/v1/openapi.json"): _openapi,
}
