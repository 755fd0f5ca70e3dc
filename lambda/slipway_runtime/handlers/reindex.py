"""The steps of a re-index that are not about single documents: what `slipway reindex` asks for."""

from typing import Any

import msgspec

from slipway_runtime import parts, parts_of_stores, settings
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.curated import Curated
from slipway_runtime.operate.observability import logger, observed
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.reindex.actions import Asked, Reindex
from slipway_runtime.reindex.estimate import Estimating
from slipway_runtime.reindex.generations import Generation, Registry

MARGIN_SECONDS = 15.0


class Step(msgspec.Struct):
    """What the state machine hands over: what was asked, and its execution's ARN."""

    asked: Asked
    execution: str


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Return the report of one step. Raises: Refused, StoreUnavailable, EmbeddingError."""
    step = msgspec.convert(event, Step)
    report = _reindex().act(step.asked, step.execution, Deadline.of(context, MARGIN_SECONDS))
    logger.info("reindex", extra={"action": step.asked.action, "generations": report})
    return report


def _reindex() -> Reindex:
    chosen = settings.next_embedding() or settings.embedding()
    wanted = Generation(
        number=1,
        model_id=chosen.model_id,
        dimensions=chosen.dimensions,
        chunks=settings.chunking(chosen).version,
    )
    registry = Registry(client=client("dynamodb"), table=settings.required("GENERATIONS_TABLE"))
    return Reindex(
        registry=registry, wanted=wanted, store=parts_of_stores.generation_store, estimating=lambda: _estimating(wanted)
    )


def _estimating(wanted: Generation) -> Estimating:
    price = settings.optional("REINDEX_USD_PER_MILLION_TOKENS")
    return Estimating(
        curated=Curated(client=client("s3"), bucket=settings.required("CURATED_BUCKET")),
        index=parts.index(wanted),
        concurrency=int(settings.required("REINDEX_CONCURRENCY")),
        usd_per_million_tokens=float(price) if price else None,
    )
