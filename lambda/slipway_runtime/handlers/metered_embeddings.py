"""Embeddings within a tenant's quota, and in the ledger."""

import time
from typing import Any

from slipway_runtime import settings
from slipway_runtime.handlers.embeddings import ALIAS, EmbeddingRequest, embeddings
from slipway_runtime.handlers.events import Authorizer
from slipway_runtime.handlers.http import WithHeaders
from slipway_runtime.operate.meter.budget import BudgetSpent
from slipway_runtime.operate.meter.entry import Entry, identifier
from slipway_runtime.operate.meter.meter import Meter
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.tokens.choose import tokenizer


def metered(meter: Meter, who: Authorizer, request: EmbeddingRequest, deadline: Deadline) -> WithHeaders:
    """Return the vectors, and the headers of the limits. Raises: ApiError, EmbeddingError."""
    user = who.acting_for(request.user)
    texts = [request.input] if isinstance(request.input, str) else [each for each in request.input if each]
    estimate = sum(tokenizer("estimate").count(text) for text in texts if isinstance(text, str))
    request_id, began = identifier("embd"), time.monotonic()
    if (found := meter.spent(who.tenant)).acts("stop"):
        raise BudgetSpent(found, time.time())
    reserved, stands = meter.reserve(who.tenant, request_id, estimate, deadline)
    used, ended = 0, "failed"
    try:
        answer: dict[str, Any] = embeddings(request, deadline)
        used, ended = answer["usage"]["total_tokens"], "stop"
    except Exception as error:
        ended = "refused" if getattr(error, "status", 500) < 500 else "failed"
        raise
    finally:
        meter.settle(reserved, used)
        model = settings.optional("EMBEDDING_MODEL_ID")
        meter.record(
            Entry(
                id=request_id,
                tenant=who.tenant,
                at=int(time.time()),
                user=user,
                alias=ALIAS,
                model=model,
                ended=ended,
                embedding_tokens=used,
                embedding_model=model,
                cost_nanodollars=meter.cost(model, used, 0) if used else 0,
                milliseconds=round((time.monotonic() - began) * 1000),
            )
        )
    return WithHeaders(answer, stands.headers)
