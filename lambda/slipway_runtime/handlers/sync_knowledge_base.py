"""The queue of curated documents that change: each is brought to the knowledge base, then one ingestion job is started.

The queue gathers events for minutes before it hands them over. While a job runs its messages come back later, so that
there is one job at a time and the last one sees everything.
"""

import functools
from typing import Any

import msgspec

from slipway_runtime import settings
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import logger, observed
from slipway_runtime.retrieve.knowledge_base.documents import Documents, curated_names
from slipway_runtime.retrieve.knowledge_base.ingestion import Ingestion, IngestionBusy


class _Object(msgspec.Struct):
    key: str


class _Detail(msgspec.Struct):
    object: _Object


class _Event(msgspec.Struct):
    detail: _Detail


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Work on a batch; the messages that are named in the answer come again."""
    records = event["Records"]
    changed = {names for each in records if (names := curated_names(_key(each["body"])))}
    for tenant, document_id in sorted(changed):
        _documents().bring(tenant, document_id)
    if not changed:
        return {"batchItemFailures": []}
    try:
        job = _ingestion().start()
    except IngestionBusy as error:
        logger.info("ingestion later", extra={"reason": str(error), "documents": len(changed)})
        return {"batchItemFailures": [{"itemIdentifier": each["messageId"]} for each in records]}
    logger.info("ingestion started", extra={"job": job, "documents": len(changed)})
    return {"batchItemFailures": []}


def _key(body: str) -> str:
    return msgspec.json.decode(body, type=_Event).detail.object.key


@functools.cache
def _documents() -> Documents:
    return Documents(client=client("s3"), bucket=settings.required("CURATED_BUCKET"))


@functools.cache
def _ingestion() -> Ingestion:
    return Ingestion(
        client=client("bedrock-agent"),
        knowledge_base_id=settings.required("KNOWLEDGE_BASE_ID"),
        data_source_id=settings.required("DATA_SOURCE_ID"),
    )
