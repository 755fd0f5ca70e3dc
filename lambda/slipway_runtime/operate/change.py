"""A change of the raw bucket, what it is about, and what was done about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from slipway_runtime.operate.objects import ObjectVersion
from slipway_runtime.operate.record import Record, Status
from slipway_runtime.prepare.keys import DocumentKey, described, document_id
from slipway_runtime.retrieve.filters import Attributes
from slipway_runtime.retrieve.stores.contract import DocumentVersion

Outcome = Literal[
    "indexed", "unchanged", "duplicate", "rejected", "recognising", "deleted", "stale", "gone", "confirmed"
]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What happened to an object. `sequencer` is padded; `at` is the event's time, ISO 8601."""

    object: ObjectVersion
    sequencer: str
    at: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """What was done, with how many chunks, and what the rules of its source did to the text.

    `is_held`: it repeats another document and was kept all the same, until a person agrees.
    """

    outcome: Outcome
    chunks: int = 0
    code: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    is_held: bool = False


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A change together with the document that it is about, and `rules`, everything that decides its chunks."""

    key: DocumentKey
    change: Change
    rules: str

    def version(self, title: str = "", attributes: Attributes | None = None) -> DocumentVersion:
        """Return the version as the vector store names it."""
        return DocumentVersion(
            tenant=self.key.tenant,
            document_id=self.key.document_id,
            path=self.key.path,
            title=title,
            sequencer=self.change.sequencer,
            source_version=self.change.object.version_id,
            rules=self.rules,
            attributes=attributes or {},
        )

    def record(self, status: Status, *, sha256: str = "", reason: str = "") -> Record:
        """Return the version as the lineage keeps it."""
        return Record(
            sha256=sha256,
            reason=reason,
            document_id=self.key.document_id,
            tenant=self.key.tenant,
            path=self.key.path,
            bucket=self.change.object.bucket,
            key=self.change.object.key,
            version_id=self.change.object.version_id,
            etag=self.change.object.etag,
            bytes=self.change.object.size_bytes,
            sequencer=self.change.sequencer,
            status=status,
            rules=self.rules,
            updated_at=now(),
        )


def unkeyed(change: Change, reason: str) -> Record:
    """Return an object that was rejected for its key as the lineage keeps it."""
    tenant, path = described(change.object.key)
    return Record(
        document_id=document_id(change.object.key),
        tenant=tenant,
        path=path,
        bucket=change.object.bucket,
        key=change.object.key,
        version_id=change.object.version_id,
        etag=change.object.etag,
        bytes=change.object.size_bytes,
        sequencer=change.sequencer,
        status="rejected",
        reason=reason,
        updated_at=now(),
    )


def now() -> str:
    """Return the time as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
