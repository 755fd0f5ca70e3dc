"""Curates a batch of a Distributed Map's objects and stages what they became."""

from typing import Any

import msgspec

from slipway_runtime import settings
from slipway_runtime.corpus.outcome import DOCUMENT_SECONDS
from slipway_runtime.corpus.run import Run
from slipway_runtime.corpus.sources import Sources
from slipway_runtime.corpus.stage import Stage
from slipway_runtime.corpus.storage import Bucket
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import count, logger, observed
from slipway_runtime.operate.retry import Deadline

# What is left of the time-out when no document is begun any more: the longest one, and writing the part.
MARGIN_SECONDS = DOCUMENT_SECONDS + 60.0


class Item(msgspec.Struct):
    """An object of the raw bucket as ListObjectsV2 names it."""

    key: str = msgspec.field(name="Key")


class Batch(msgspec.Struct):
    """What a Map state with an ItemBatcher hands to its child: the run, and the objects."""

    run: Run = msgspec.field(name="BatchInput")
    items: list[Item] = msgspec.field(name="Items")


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Return how many documents were in the batch; of several attempts at one the first that ends counts.

    What time was too short for is returned as a batch of its own, which the state machine hands in next.
    """
    batch = msgspec.convert(event, Batch)
    curated = Bucket(client=client("s3"), name=settings.required("CURATED_BUCKET"))
    stage = Stage(
        raw=Bucket(client=client("s3"), name=settings.required("RAW_BUCKET")),
        sources=Sources.of(settings.required("RULES")),
        max_document_bytes=int(settings.required("MAX_DOCUMENT_BYTES")),
        texts=curated if settings.optional("OCR") else None,
    )
    keys, deadline = [item.key for item in batch.items], Deadline.of(context, MARGIN_SECONDS)
    index, left = stage.run_until(deadline, batch.run.staged(curated), keys)
    documents = len(index.kept) + len(index.rejects)
    count("CorpusDocumentsCurated", len(index.kept))
    count("CorpusDocumentsRejected", len(index.rejects))
    count("CorpusRecordsRejected", len(index.records))
    facts = {"run_id": batch.run.run_id, "in": documents, "curated": len(index.kept), "left": len(left)}
    logger.info("batch curated", extra=facts)
    rest = {"BatchInput": event["BatchInput"], "Items": [{"Key": key} for key in left]}
    return {"documents": documents, **(rest if left else {})}
