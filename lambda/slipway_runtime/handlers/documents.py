"""GET /v1/documents, GET and DELETE /v1/documents/{id}: what there is, what became of it, and its removal."""

import re
from typing import Any
from urllib.parse import unquote

import msgspec

from slipway_runtime import parts, parts_of_stores, settings
from slipway_runtime.generate.errors import ApiError, invalid
from slipway_runtime.handlers.events import ApiRequest
from slipway_runtime.handlers.http import respond
from slipway_runtime.operate.catalogue import Catalogue
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.curated import Curated
from slipway_runtime.operate.erasure_requests import Request, Requests
from slipway_runtime.operate.lineage import Lineage
from slipway_runtime.operate.objects import Kept, Objects
from slipway_runtime.operate.observability import count, observed
from slipway_runtime.operate.record import Record
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.parts_of_said import unsay
from slipway_runtime.prepare.streamed import REJECTED

MARGIN_SECONDS = 2.0
GATEWAY_SECONDS = 28.0
# What answers a deletion cannot remove in that time go in the night.
SAID_SECONDS = 10.0
DEFAULT_LIMIT = 20
MAX_LIMIT = 100
# Longer ones are no sort key that DynamoDB takes, and no path that S3 does.
MAX_PREFIX_BYTES = 1024
DOCUMENT_ID = re.compile(r"doc_[0-9a-f]{32}")
LIMIT = re.compile(r"[0-9]{1,3}")
# What a deletion leaves to the next run of erasure: lines of training sets, labelling jobs and the corpus, and answers
# that were under way.
DERIVED = ["examples"]
STATUSES = ("indexed", "duplicate", "rejected", "recognising", "deleted")


class Document(msgspec.Struct, omit_defaults=True):
    """A document as clients see it; `reason` says why it was rejected or left out, or kept until a person agrees.

    `duplicate_of`: the id of the document that it repeats, with the Jaccard `similarity`; `deletion` where it was
    deleted.   `rejected_records`: how many records of a streamed object were refused.
    """

    id: str
    path: str
    status: str
    chunks: int
    bytes: int
    media_type: str
    title: str
    version_id: str
    etag: str
    updated_at: str
    object: str = msgspec.field(default_factory=lambda: "document")
    reason: str = ""
    duplicate_of: str = ""
    similarity: float | None = None
    rejected_records: int = 0
    deletion: "Deletion | None" = None


class Deletion(msgspec.Struct, omit_defaults=True):
    """What became of a deleted document: how much has gone, by kind, and when; `pending` is what has not yet."""

    requested_at: str
    removed: dict[str, int]
    erased_at: str = ""
    confirmed_at: str = ""
    pending: list[str] = []


@observed
def handler(event: dict[str, Any], context: Any) -> Any:
    """Answer one request."""
    deadline = min(Deadline.of(context, MARGIN_SECONDS), Deadline.after(GATEWAY_SECONDS), key=lambda each: each.at)
    return respond(event, lambda request: _route(request, deadline))


def _route(request: ApiRequest, deadline: Deadline) -> dict[str, Any] | Document:
    lineage = Lineage(
        client=client("dynamodb"),
        documents_table=settings.required("DOCUMENTS_TABLE"),
        rejects_table=settings.required("REJECTS_TABLE"),
    )
    catalogue = Catalogue(lineage=lineage, tenant=request.request_context.authorizer.tenant)
    document_id = unquote((request.path_parameters or {}).get("id", ""))
    match request.http_method, bool(document_id):
        case "GET", False:
            return _list(catalogue, request.query_string_parameters or {})
        case "GET", True:
            return _show(catalogue, document_id)
        case "DELETE", True:
            return _delete(catalogue, document_id, deadline)
    raise ApiError(405, f"{request.http_method} is not served here.", code="method_not_allowed")


def _list(catalogue: Catalogue, query: dict[str, str]) -> dict[str, Any]:
    limit = query.get("limit", str(DEFAULT_LIMIT))
    if not (LIMIT.fullmatch(limit) and 1 <= int(limit) <= MAX_LIMIT):
        raise invalid(f"'limit' must be a whole number from 1 to {MAX_LIMIT}.", "limit")
    status = query.get("status", "")
    if status and status not in STATUSES:
        raise invalid(f"'status' must be one of {', '.join(STATUSES)}.", "status")
    after = None
    if cursor := query.get("after"):
        after = catalogue.lineage.current(cursor) if DOCUMENT_ID.fullmatch(cursor) else None
        if after is None or after.tenant != catalogue.tenant:
            raise invalid("'after' is not the id of a document.", "after")
    prefix = query.get("prefix", "")
    if len(prefix.encode("utf-8", "surrogatepass")) > MAX_PREFIX_BYTES or not prefix.isprintable():
        message = f"'prefix' must be at most {MAX_PREFIX_BYTES} bytes of UTF-8 without control characters."
        raise invalid(message, "prefix")
    page = catalogue.page(int(limit), status=status, prefix=prefix, after=after)
    data = [_document(record) for record in page.records]
    return {"object": "list", "data": data, "has_more": page.has_more, "last_id": page.last_id}


def _delete(catalogue: Catalogue, document_id: str, deadline: Deadline) -> dict[str, Any]:
    record = _existing(catalogue, document_id)
    curated = Curated(client=client("s3"), bucket=settings.required("CURATED_BUCKET"))
    soon, holds = Deadline.after(SAID_SECONDS), parts.holds()
    if holds and (hold := holds.covering(record.key)):
        raise _held(hold.placed_at)
    try:
        searched = parts.active()
        store = parts_of_stores.store(searched.number if searched else 1)
        removed = catalogue.delete(
            record,
            Objects(client=client("s3")),
            curated,
            store,
            deadline,
            beside=lambda: [parts_of_stores.store(each.number) for each in parts.beside(searched)],
            unsay=lambda: unsay(catalogue.tenant, document_id, min(deadline, soon, key=lambda each: each.at)),
        )
    except Kept as kept:
        if kept.code == "AccessDenied" and holds:  # held in S3, by whomever
            raise _held() from kept
        raise
    count("DocumentsDeleted")
    gone = removed.counts
    return {"id": document_id, "object": "document", "deleted": True, "removed": gone, "pending": DERIVED}


def _held(since: str = "") -> ApiError:
    when = f" since {since}" if since else ""
    message = (
        f"The document is under legal hold{when} and cannot be deleted. Whoever operates this environment ends the "
        "hold with `slipway hold release`; delete the document then."
    )
    return ApiError(409, message, code="legal_hold", param="id")


def _show(catalogue: Catalogue, document_id: str) -> Document:
    record = catalogue.known(document_id) if DOCUMENT_ID.fullmatch(document_id) else None
    if record is None:
        raise _not_found()
    shown = _document(record)
    if record.status == "deleted":
        lineage = catalogue.lineage
        request = Requests(client=lineage.client, table=lineage.documents_table).find(document_id)
        shown.deletion = _deletion(request) if request else None
    return shown


def _deletion(request: Request) -> Deletion:
    return Deletion(
        requested_at=request.requested_at,
        removed=request.removed,
        erased_at=request.erased_at,
        confirmed_at=request.confirmed_at,
        pending=[] if request.erased_at else DERIVED,
    )


def _not_found() -> ApiError:
    return ApiError(404, "There is no document with this id.", code="document_not_found", param="id")


def _existing(catalogue: Catalogue, document_id: str) -> Record:
    record = catalogue.find(document_id) if DOCUMENT_ID.fullmatch(document_id) else None
    if record is None:
        raise _not_found()
    return record


def _document(record: Record) -> Document:
    return Document(
        id=record.document_id,
        path=record.path,
        status=record.status,
        reason=record.reason,
        chunks=record.chunks,
        bytes=record.bytes,
        media_type=record.media_type,
        title=record.title,
        version_id=record.version_id,
        etag=record.etag,
        updated_at=record.updated_at,
        duplicate_of=record.duplicate_of,
        similarity=round(record.similarity, 4) if record.duplicate_of else None,
        rejected_records=record.counts.get(REJECTED, 0),
    )
