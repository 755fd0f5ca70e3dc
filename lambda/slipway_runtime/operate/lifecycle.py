"""The life of a document: indexed, unchanged, rejected, deleted.

Each change is safe to repeat and to run beside another one: the store is changed first, under its own guard, then the
lineage, under its own; whatever stops in between is put right when the event comes again.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import msgspec

from slipway_runtime.operate.lineage import Lineage, Record, Status
from slipway_runtime.operate.objects import Objects, ObjectVersion, too_large
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.document import PreparedDocument
from slipway_runtime.prepare.isolate import Limits
from slipway_runtime.prepare.keys import DocumentKey, document_id, parse_key
from slipway_runtime.prepare.prepare import RULES_VERSION, prepare
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.retrieve.chunk import Chunk, ChunkSettings, chunk
from slipway_runtime.retrieve.embed import Embedder
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
    """What was done, and with how many chunks."""

    outcome: Outcome
    chunks: int = 0
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """Carries changes of the raw bucket into the store and the lineage."""

    objects: Objects
    lineage: Lineage
    store: VectorStore
    embedder: Embedder
    chunking: ChunkSettings
    max_document_bytes: int
    limits: Limits = field(default_factory=Limits)

    @property
    def rules(self) -> str:
        """Return everything that decides which chunks the same bytes give, as one string."""
        chunking = f"{self.chunking.max_characters}-{self.chunking.overlap_characters}"
        embedding = f"{self.embedder.model_id}-{self.embedder.dimensions}"
        return f"prepare-{RULES_VERSION}/chunk-{chunking}/{embedding}"

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
            return Result(outcome="stale" if known.sequencer > change.sequencer else "unchanged", chunks=known.chunks)
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
        known = self.lineage.current(key.document_id)
        record = known or self._record(key, change, "deleted")
        gone = msgspec.structs.replace(
            record, status="deleted", sequencer=change.sequencer, chunks=0, reason="", updated_at=now()
        )
        if removed is None or not self.lineage.put(gone):
            return Result(outcome="stale")
        return Result(outcome="deleted", chunks=removed)

    def _is_old(self, known: Record, change: Change) -> bool:
        """Return whether a newer event was seen, or this very one is done under the rules of today."""
        if known.sequencer != change.sequencer:
            return known.sequencer > change.sequencer
        return known.status == "deleted" or (known.status == "indexed" and known.rules == self.rules)

    def _index(self, key: DocumentKey, change: Change, known: Record | None, deadline: Deadline) -> Result:
        if change.object.size_bytes > self.max_document_bytes:
            raise too_large(change.object.size_bytes, self.max_document_bytes)
        data = self.objects.read(change.object, self.max_document_bytes)
        if data is None:
            # Removed since: the event that tells so follows or came first.
            return Result(outcome="gone")
        digest = hashlib.sha256(data).hexdigest()
        done = self._record(key, change, "indexed", sha256=digest)
        if known and known.status == "indexed" and (known.sha256, known.rules) == (digest, self.rules):
            same = msgspec.structs.replace(done, title=known.title, media_type=known.media_type, chunks=known.chunks)
            if self.store.touch(self._version(key, change, known.title), deadline):
                return self._finish(same, "unchanged")
        document = prepare(data, key.path, self.limits)
        chunks = chunk(document, self.chunking)
        vectors = self.embedder.embed([embedding_text(document, piece) for piece in chunks], deadline)
        if not self.store.replace(self._version(key, change, document.title), chunks, vectors, deadline):
            return Result(outcome="stale")
        described = {"title": document.title, "media_type": document.media_type, "chunks": len(chunks)}
        return self._finish(msgspec.structs.replace(done, **described), "indexed")

    def _finish(self, record: Record, outcome: Outcome) -> Result:
        return Result(outcome=outcome if self.lineage.put(record) else "stale", chunks=record.chunks)

    def _reject(self, key: DocumentKey, change: Change, rejected: Rejected, deadline: Deadline) -> Result:
        """Take the document's earlier version out of the store too: it is no longer what the bucket holds."""
        if not self.store.replace(self._version(key, change, ""), [], [], deadline):
            return Result(outcome="stale")
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

    def _version(self, key: DocumentKey, change: Change, title: str) -> DocumentVersion:
        return DocumentVersion(
            tenant=key.tenant,
            document_id=key.document_id,
            path=key.path,
            title=title,
            sequencer=change.sequencer,
            source_version=change.object.version_id,
            rules=self.rules,
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
            rules=self.rules,
            updated_at=now(),
        )


def embedding_text(document: PreparedDocument, piece: Chunk) -> str:
    """Return what is embedded for a chunk: its place in the document, then its content."""
    place = " > ".join(filter(None, (document.title, piece.heading)))
    return f"{place}\n\n{piece.content}"


def now() -> str:
    """Return the time as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
