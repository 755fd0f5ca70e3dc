"""The life of a document: indexed, unchanged, rejected, deleted.

Each change is safe to repeat and to run beside another one: the store is changed first, under its own guard, then the
curated object, then the lineage, under its own; whatever stops in between is put right when the event comes again.
The curated bucket has no guard: who is refused by the lineage takes its version back, and an event that turns out to
be old removes what older ones left.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

import msgspec

from slipway_runtime.operate.curated import Curated
from slipway_runtime.operate.lineage import Lineage, Record, Status
from slipway_runtime.operate.objects import Objects, ObjectVersion, too_large
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.curate import CuratedDocument, RawObject, curate, rules_version
from slipway_runtime.prepare.isolate import Limits
from slipway_runtime.prepare.keys import DocumentKey, document_id, parse_key
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.rules.build import RuleSets
from slipway_runtime.retrieve.chunk import ChunkSettings, chunk
from slipway_runtime.retrieve.context import embedding_text
from slipway_runtime.retrieve.embed import Embedder
from slipway_runtime.retrieve.filters import Attributes
from slipway_runtime.retrieve.stores.contract import DocumentVersion, VectorStore

Outcome = Literal["indexed", "unchanged", "rejected", "deleted", "stale", "gone"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What happened to an object. `sequencer` is padded; `at` is the event's time, ISO 8601."""

    object: ObjectVersion
    sequencer: str
    at: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """What was done, with how many chunks, and what the rules of its source did to the text."""

    outcome: Outcome
    chunks: int = 0
    code: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """Carries changes of the raw bucket into the store, the curated bucket and the lineage."""

    objects: Objects
    lineage: Lineage
    curated: Curated
    store: VectorStore
    embedder: Embedder
    chunking: ChunkSettings
    max_document_bytes: int
    limits: Limits = field(default_factory=Limits)
    sources: RuleSets = field(default_factory=RuleSets)

    def rules(self, key: str) -> str:
        """Return everything that decides which chunks the bytes under an object key give, as one string."""
        embedding = f"{self.embedder.model_id}-{self.embedder.dimensions}"
        return f"{rules_version(self.sources.of(key))}/chunk-{self.chunking.version}/{embedding}"

    def created(self, change: Change, deadline: Deadline) -> Result:
        """Index a version, or note why it cannot be read.

        Raises: EmbeddingError, StoreUnavailable and the errors of S3 and DynamoDB; then nothing of it is visible as
        done.
        """
        try:
            key = parse_key(change.object.key)
        except Rejected as rejected:
            self._note(change, rejected)
            return Result(outcome="rejected", code=rejected.code)
        known = self.lineage.current(key.document_id)
        if known is not None and self._is_old(known, change):
            if known.sequencer == change.sequencer:
                return Result(outcome="unchanged", chunks=known.chunks)
            self.curated.remove_before(key.tenant, key.document_id, known.sequencer)
            return Result(outcome="stale", chunks=known.chunks)
        try:
            return self._index(key, change, known, deadline)
        except Rejected as rejected:
            return self._reject(key, change, rejected, deadline)

    def deleted(self, change: Change, deadline: Deadline, *, permanent: bool) -> Result:
        """Remove a document whose object is gone.

        A version that is removed for good may not have been the current one (lifecycle rules expire old ones), or may
        uncover an older one: what S3 gives to a reader now decides.
        """
        try:
            key = parse_key(change.object.key)
        except Rejected:
            return Result(outcome="gone")
        if permanent and (left := self.objects.current(change.object.bucket, change.object.key)):
            known = self.lineage.current(key.document_id)
            if known and known.version_id == left.version_id and known.status != "deleted":
                return Result(outcome="unchanged", chunks=known.chunks)
            return self.created(Change(object=left, sequencer=change.sequencer, at=change.at), deadline)
        removed = self.store.delete(key.tenant, key.document_id, change.sequencer, deadline)
        if removed is not None:
            self.curated.remove_through(key.tenant, key.document_id, change.sequencer)
        known = self.lineage.current(key.document_id)
        record = known or self._record(key, change, "deleted")
        gone = msgspec.structs.replace(
            record, status="deleted", sequencer=change.sequencer, chunks=0, reason="", counts={}, updated_at=now()
        )
        if removed is None or not self.lineage.put(gone):
            return Result(outcome="stale")
        return Result(outcome="deleted", chunks=removed)

    def _is_old(self, known: Record, change: Change) -> bool:
        """Return whether a newer event was seen, or this very one is done under the rules of today."""
        if known.sequencer != change.sequencer:
            return known.sequencer > change.sequencer
        return known.status == "deleted" or (known.status == "indexed" and known.rules == self.rules(change.object.key))

    def _index(self, key: DocumentKey, change: Change, known: Record | None, deadline: Deadline) -> Result:
        if change.object.size_bytes > self.max_document_bytes:
            raise too_large(change.object.size_bytes, self.max_document_bytes)
        data = self.objects.read(change.object, self.max_document_bytes)
        if data is None:
            # Removed since: the event that tells so follows or came first.
            return Result(outcome="gone")
        digest = hashlib.sha256(data).hexdigest()
        done = self._record(key, change, "indexed", sha256=digest)
        if known and known.status == "indexed" and (known.sha256, known.rules) == (digest, done.rules):
            described = {name: getattr(known, name) for name in ("title", "media_type", "chunks", "counts")}
            curated = self.curated.get(key.tenant, key.document_id)
            if (
                curated
                and curated.sha256 == digest
                and self.store.touch(self._version(key, change, known.title, curated.attributes), deadline)
            ):
                curated = msgspec.structs.replace(curated, source_version=change.object.version_id)
                return self._finish(msgspec.structs.replace(done, **described), curated, "unchanged")
        curated = self._curate(change.object, data, deadline)
        document = curated.prepared()
        chunks = chunk(document, self.chunking)
        texts = [embedding_text(document, piece, self.embedder.model) for piece in chunks]
        vectors = self.embedder.embed(texts, deadline)
        version = self._version(key, change, document.title, document.attributes)
        if not self.store.replace(version, chunks, vectors, deadline):
            return Result(outcome="stale")
        described = {name: getattr(document, name) for name in ("title", "media_type", "counts")}
        return self._finish(msgspec.structs.replace(done, chunks=len(chunks), **described), curated, "indexed")

    def _curate(self, version: ObjectVersion, data: bytes, deadline: Deadline) -> CuratedDocument:
        """Read the document; running out of this invocation's time is no verdict on it, but a reason to try again."""
        seconds = min(self.limits.wall_seconds, deadline.remaining_seconds)
        try:
            raw = RawObject(key=version.key, version_id=version.version_id, data=data)
            limits = replace(self.limits, wall_seconds=max(0.0, seconds))
            return curate(raw, self.sources.of(version.key), limits)
        except Rejected as rejected:
            if rejected.code == "too_slow" and seconds < self.limits.wall_seconds:
                raise TimeoutError("no time left in this invocation to read the document") from rejected
            raise

    def _finish(self, record: Record, curated: CuratedDocument, outcome: Outcome) -> Result:
        version = self.curated.put(curated, record.sequencer)
        if not self.lineage.put(record):
            self.curated.take_back(record.tenant, record.document_id, version)
            return Result(outcome="stale", chunks=record.chunks)
        return Result(outcome=outcome, chunks=record.chunks, counts=record.counts)

    def _reject(self, key: DocumentKey, change: Change, rejected: Rejected, deadline: Deadline) -> Result:
        """Take the document's earlier version out of the store too: it is no longer what the bucket holds."""
        if not self.store.replace(self._version(key, change, ""), [], [], deadline):
            return Result(outcome="stale")
        self.curated.remove_through(key.tenant, key.document_id, change.sequencer)
        record = self._record(key, change, "rejected", reason=f"{rejected.code}: {rejected.reason}")
        if not self.lineage.put(record):
            return Result(outcome="stale")
        self._note(change, rejected)
        return Result(outcome="rejected", code=rejected.code)

    def _note(self, change: Change, rejected: Rejected) -> None:
        self.lineage.reject(
            document_id(change.object.key),
            rejected,
            at=change.at,
            bucket=change.object.bucket,
            key=change.object.key,
            version_id=change.object.version_id,
            size_bytes=change.object.size_bytes,
        )

    def _version(
        self, key: DocumentKey, change: Change, title: str, attributes: Attributes | None = None
    ) -> DocumentVersion:
        return DocumentVersion(
            tenant=key.tenant,
            document_id=key.document_id,
            path=key.path,
            title=title,
            sequencer=change.sequencer,
            source_version=change.object.version_id,
            rules=self.rules(change.object.key),
            attributes=attributes or {},
        )

    def _record(
        self, key: DocumentKey, change: Change, status: Status, *, sha256: str = "", reason: str = ""
    ) -> Record:
        return Record(
            sha256=sha256,
            reason=reason,
            document_id=key.document_id,
            tenant=key.tenant,
            path=key.path,
            bucket=change.object.bucket,
            key=change.object.key,
            version_id=change.object.version_id,
            etag=change.object.etag,
            bytes=change.object.size_bytes,
            sequencer=change.sequencer,
            status=status,
            rules=self.rules(change.object.key),
            updated_at=now(),
        )


def now() -> str:
    """Return the time as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
