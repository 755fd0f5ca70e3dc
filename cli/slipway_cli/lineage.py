"""Where a document came from, and what was made of it."""

from typing import Any

import msgspec

from slipway_cli.errors import CommandError
from slipway_cli.target import Target
from slipway_runtime.operate.erasure_requests import Requests
from slipway_runtime.operate.lineage import Lineage
from slipway_runtime.operate.record import Record
from slipway_runtime.operate.tracing import shards_of
from slipway_runtime.prepare.keys import NOWHERE

SHOWN = ("path", "status", "reason", "chunks", "bytes", "version_id", "etag", "updated_at")


def lineage(target: Target, document_id: str) -> dict[str, Any]:
    """The document's versions with their rules and counts, its deletion, and what names it in training sets and others.

    Raises: CommandError if there is no such document.
    """
    dynamodb, s3 = target.client("dynamodb"), target.client("s3")
    table = target.parameter("foundation/documents-table-name")
    rows = Lineage(client=dynamodb, documents_table=table, rejects_table="")
    current = rows.current(document_id)
    if current is None:
        raise CommandError(f"there is no document {document_id!r}; `slipway documents` shows the ids")
    request = Requests(client=dynamodb, table=table).find(document_id)
    buckets = {name: target.parameter(f"foundation/{name}-bucket-name") for name in ("artifacts", "curated")}
    return {
        "id": document_id,
        "object": f"s3://{current.bucket}/{current.key}",
        "status": current.status,
        "chunks": current.chunks,
        "versions": [_version(record) for record in rows.history.of(document_id)],
        "used_in": [
            f"s3://{bucket}/{key}" for bucket in buckets.values() for key in shards_of(s3, bucket, document_id)
        ],
        "deletion": msgspec.to_builtins(request) if request else None,
    }


def without_tenant(target: Target, prefix: str) -> list[dict[str, Any]]:
    """Return objects that were rejected because their key names no tenant, so that no tenant's API shows them."""
    table = target.parameter("foundation/documents-table-name")
    rows = Lineage(client=target.client("dynamodb"), documents_table=table, rejects_table="")
    found = (record for record in rows.list(NOWHERE, prefix=prefix) if record.status == "rejected")
    return [{"id": each.document_id, **{name: getattr(each, name) for name in SHOWN}} for each in found]


def _version(record: Record) -> dict[str, Any]:
    fields = ("version_id", "status", "updated_at", "sha256", "bytes", "rules", "chunks", "counts", "deleted_at")
    return {name: getattr(record, name) for name in fields}
