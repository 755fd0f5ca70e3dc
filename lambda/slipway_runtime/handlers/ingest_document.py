"""Carries changes of the raw bucket, which come as EventBridge events through a queue, into the store.

The queue also brings what a person says about a source that lost too much to duplicates, and which recognition of a
scan has ended.
"""

import functools
import os
import re
from typing import Any

import msgspec

from slipway_runtime import parts, settings
from slipway_runtime.handlers.events import Confirmation, JobEnded, QueueMessage, S3Event, SqsEvent, SqsRecord
from slipway_runtime.operate.change import Change, Result
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.curated import Curated
from slipway_runtime.operate.lifecycle import Lifecycle
from slipway_runtime.operate.objects import Objects, ObjectVersion
from slipway_runtime.operate.observability import count, logger, measure_rejects, observed
from slipway_runtime.operate.reader import Reader
from slipway_runtime.operate.record import padded
from slipway_runtime.operate.redelivery import shorten
from slipway_runtime.operate.rejects import rejected_share, source_of
from slipway_runtime.operate.retry import Deadline, error_code
from slipway_runtime.operate.settle import Settling
from slipway_runtime.prepare.duplicates.settings import CONFIRMED
from slipway_runtime.prepare.rules.build import RuleSets
from slipway_runtime.prepare.rules.settings import SourceRules, read
from slipway_runtime.prepare.time_limit import give_up_after
from slipway_runtime.reindex.generations import Generation
from slipway_runtime.reindex.index import Index

# What is left of the time-out when a record is not begun any more: being stopped in the middle costs the whole batch.
MARGIN_SECONDS = 10.0
# How long after that a record already begun is given up, whatever it waits for. Every step has the deadline, but not
# each call within: a client's own time-out and retries are longer. A record whose invocation is ended by Lambda would
# stay invisible for the queue's whole time-out.
GRACE_SECONDS = 3.0
METRICS = {
    "indexed": "DocumentsIndexed",
    "unchanged": "DocumentsUnchanged",
    "duplicate": "DocumentsDuplicate",
    "rejected": "DocumentsRejected",
    "recognising": "DocumentsRecognising",
    "deleted": "DocumentsDeleted",
    "stale": "EventsStale",
    "gone": "EventsStale",
    "confirmed": "DuplicatesConfirmed",
}


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """Handle each record on its own; return those to be delivered again, and in the end to the dead-letter queue."""
    batch = msgspec.convert(event, SqsEvent)
    deadline = Deadline.of(context, MARGIN_SECONDS)
    failed = [record.message_id for record in batch.records if not _handled(record, deadline)]
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}


def _handled(record: SqsRecord, deadline: Deadline) -> bool:
    facts: dict[str, Any] = {"message_id": record.message_id}
    if deadline.remaining_seconds <= 0:
        # Nothing is wrong with it: it was not begun, and comes again soon.
        count("RecordsDeferred")
        _deliver_soon(record)
        return False
    try:
        event = _event(record)
        if isinstance(event, S3Event):
            facts["document_version"] = event.detail.object.version_id
        with give_up_after(deadline.remaining_seconds + GRACE_SECONDS):
            result = _apply(event, deadline)
    except Exception as error:
        # Every failure has the same answer, delivery again. The text may quote the document, so only the type is
        # logged.
        count("RecordsFailed")
        logger.error("record failed", extra={**facts, "error_type": type(error).__name__, "reason": _safe(error)})
        _deliver_soon(record)
        return False
    count(METRICS[result.outcome])
    if isinstance(event, S3Event) and (share := rejected_share(result)) is not None:
        measure_rejects(source_of(event.detail.object.key, _rules()), share)
    count("DuplicatesHeld", result.is_held)
    count("ChunksIndexed", result.chunks if result.outcome == "indexed" else 0)
    if result.outcome == "indexed":
        for what, number in result.counts.items():
            count(metric_of(what), number)
    logger.info(
        "record handled",
        extra={
            **facts,
            "outcome": result.outcome,
            "chunks": result.chunks,
            "code": result.code,
            "counts": dict(result.counts),
        },
    )
    return True


def _event(record: SqsRecord) -> S3Event | Confirmation | JobEnded:
    kind = msgspec.json.decode(record.body, type=QueueMessage).detail_type
    if kind == CONFIRMED:
        return msgspec.json.decode(record.body, type=Confirmation)
    if kind:
        return msgspec.json.decode(record.body, type=S3Event)
    return msgspec.json.decode(record.body, type=JobEnded)


def _apply(event: S3Event | Confirmation | JobEnded, deadline: Deadline) -> Result:
    if isinstance(event, Confirmation):
        said = event.detail
        _lifecycle(parts.active()).settling.places.confirm(said.source, said.max_lost_share, deadline)
        return Result(outcome="confirmed")
    if isinstance(event, JobEnded):
        return _lifecycle(parts.active()).recognised(event.job_tag, deadline)
    named = event.detail.object
    version = ObjectVersion(
        bucket=event.detail.bucket.name,
        key=named.key,
        version_id=named.version_id,
        etag=named.etag,
        size_bytes=named.size,
    )
    change = Change(object=version, sequencer=padded(named.sequencer), at=event.time)
    match event.detail_type:
        case "Object Created":
            _hold(version)
            return _lifecycle(parts.active()).created(change, deadline)
        case "Object Deleted":
            permanent = event.detail.deletion_type != "Delete Marker Created"
            return _lifecycle(parts.active()).deleted(change, deadline, permanent=permanent)
    raise ValueError("an event of a kind that the rule does not send")


def _hold(version: ObjectVersion) -> None:
    """Keep a version that comes under a legal hold."""
    holds = parts.holds()
    if holds and holds.covering(version.key):
        holds.lock(version.bucket, version.key, version.version_id)
        count("VersionsHeld")


def metric_of(what: str) -> str:
    """Return the metric of a rule's count: "redact.aws_key" gives "RedactAwsKey"."""
    return "".join(part.capitalize() for part in re.split(r"[._]", what))


@functools.cache
def _lifecycle(generation: Generation | None) -> Lifecycle:
    lineage, index = parts.lineage(), parts.index(generation)
    recognising = parts.recognising(lineage)
    curated = Curated(client=client("s3"), bucket=settings.required("CURATED_BUCKET"))
    return Lifecycle(
        reader=Reader(
            objects=Objects(client=client("s3")),
            max_document_bytes=int(settings.required("MAX_DOCUMENT_BYTES")),
            sources=RuleSets(settings=_rules(), comprehend=lambda: client("comprehend")),
            ocr=recognising.ocr if recognising else None,
        ),
        recognising=recognising,
        settling=Settling(
            lineage=lineage,
            curated=curated,
            store=index.store,
            embedder=index.embedder,
            chunking=index.chunking,
            places=parts.places(lineage, curated),
            beside=lambda: [_index(each) for each in parts.beside(generation)],
        ),
    )


@functools.cache
def _index(generation: Generation) -> Index:
    return parts.index(generation)


def _rules() -> SourceRules:
    return _read(settings.required("RULES"))


@functools.lru_cache(maxsize=1)
def _read(document: str) -> SourceRules:
    try:
        return read(document)
    except msgspec.DecodeError as error:
        raise settings.MissingSetting(f"RULES is not a JSON object of rule sets: {error}") from error


def _deliver_soon(record: SqsRecord) -> None:
    """Shorten the wait for a record's next delivery; where that fails, the queue's own wait holds."""
    queue_url = os.environ.get("QUEUE_URL")
    if not queue_url or not record.receipt_handle:
        return
    try:
        received = int(record.attributes.get("ApproximateReceiveCount", "1"))
        shorten(client("sqs"), queue_url, record.receipt_handle, received)
    except Exception as error:
        logger.warning("visibility not changed", extra={"reason": error_code(error)})


def _safe(error: Exception) -> str:
    """Return the error's text where it is ours, which never quotes content, else the service's code."""
    from slipway_runtime.retrieve.embed import EmbeddingError  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.contract import StoreUnavailable, WrongDimensions  # noqa: PLC0415

    ours = (EmbeddingError, StoreUnavailable, WrongDimensions, TimeoutError, settings.MissingSetting)
    return str(error) if isinstance(error, ours) else error_code(error)
