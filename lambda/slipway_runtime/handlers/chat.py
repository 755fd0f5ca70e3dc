"""POST /v1/chat/completions and GET /v1/models."""

import functools
import time
import uuid
from typing import Any

from slipway_runtime import parts, settings
from slipway_runtime.generate.answer import Answer, Answerer
from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.models import Model, resolve
from slipway_runtime.handlers.chat_types import ChatRequest, completion
from slipway_runtime.handlers.events import ApiRequest
from slipway_runtime.handlers.http import decode_body, respond
from slipway_runtime.operate.observability import count, logger, measure_milliseconds, observed
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.reindex.generations import Generation

MARGIN_SECONDS = 2.0
# API Gateway gives up after 29 s; an answer after that reaches nobody.
GATEWAY_SECONDS = 28.0


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    deadline = min(Deadline.of(context, MARGIN_SECONDS), Deadline.after(GATEWAY_SECONDS), key=lambda each: each.at)
    return respond(event, lambda request: _route(request, deadline))


def _route(request: ApiRequest, deadline: Deadline) -> dict[str, Any]:
    models = settings.models()
    if request.http_method == "GET":
        data = [{"id": alias, "object": "model", "created": 0, "owned_by": "slipway"} for alias in sorted(models)]
        return {"object": "list", "data": data}
    if request.http_method != "POST":
        raise ApiError(405, "Only POST /v1/chat/completions and GET /v1/models are served.", code="method_not_allowed")
    chat = decode_body(request, ChatRequest)
    chat.check()
    wanted = chat.filter
    answerer = _answerer(resolve(models, chat.model), parts.active())
    began = time.monotonic()
    tenant = request.request_context.authorizer.tenant
    answer = answerer.answer(tenant, chat.turns, chat.instructions, chat.sampling, deadline, filter=wanted)
    _measure(answer, (time.monotonic() - began) * 1000)
    return completion(answer, model=chat.model, identifier=f"chatcmpl-{uuid.uuid4().hex}", created=int(time.time()))


@functools.cache
def _answerer(model: Model, generation: Generation | None) -> Answerer:
    return parts.answerer(model, generation)


def _measure(answer: Answer, milliseconds: float) -> None:
    count("Answers" if answer.grounding.grounded else "Refusals")
    count("InputTokens", answer.input_tokens)
    count("OutputTokens", answer.output_tokens)
    count("CitationsDropped", answer.dropped_markers)
    count("AnswersWithoutCitation", int(answer.uncited))
    measure_milliseconds("AnswerMilliseconds", milliseconds)
    facts = {"grounded": answer.grounding.grounded, "hits": answer.hits, "milliseconds": round(milliseconds)}
    logger.info("answered", extra=facts)
