"""How a version ends: kept, left out as a duplicate, rejected, or overtaken by a newer one.

The curated text comes first, so that others can be compared with it; then the version takes its place among its like;
then the store changes, under its own guard, and with it each generation of the index that is beside the one searched,
then the lineage, under its own. The curated bucket has no guard: who is
refused takes its version back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from slipway_runtime.operate.change import Arrival, Change, Result, unkeyed
from slipway_runtime.operate.curated import Curated
from slipway_runtime.operate.lineage import Lineage
from slipway_runtime.operate.places import Place, Places
from slipway_runtime.operate.record import Record
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.curate import CuratedDocument
from slipway_runtime.prepare.keys import document_id
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.reindex.index import Index
from slipway_runtime.retrieve.chunk import ChunkSettings
from slipway_runtime.retrieve.embed import Embedder
from slipway_runtime.retrieve.stores.contract import DocumentVersion, VectorStore

# A document can be left out and brought back while it is being handled, once for each change of its like.
MAX_TURNS = 10


@dataclass(frozen=True, kw_only=True)
class Settling:
    """Brings a version to its end. Each method may raise the errors of the store, of Bedrock, S3, DynamoDB and SQS.

    `beside`: asked after the curated bucket has changed, the generations of the index beside the one that is searched.
    """

    lineage: Lineage
    curated: Curated
    store: VectorStore
    embedder: Embedder
    chunking: ChunkSettings
    places: Places = field(default_factory=Places)
    beside: Callable[[], Sequence[Index]] = tuple

    @property
    def index(self) -> Index:
        """The generation that is searched."""
        return Index(store=self.store, embedder=self.embedder, chunking=self.chunking)

    def settle(
        self, arrival: Arrival, curated: CuratedDocument, done: Record, same: Record | None, deadline: Deadline
    ) -> Result:
        """Keep a version or leave it out, by its place among its like.

        `same`: what the lineage knows, where the store has these very chunks already. Raises: Rejected.
        """
        for _ in range(MAX_TURNS):
            self.curated.put(curated, arrival.change.sequencer)
            place = self.places.take(arrival, curated.text, deadline)
            if place.standing == "stale":
                return self._overtaken(arrival, deadline)
            if place.standing != "duplicate":
                return self._keep(arrival, curated, _placed(done, place), same, deadline)
            result = self._leave_out(arrival, _placed(done, place), deadline)
            # What it repeats may have gone just before the lineage could tell that this one waits for it.
            if result.outcome == "stale" or self.places.take(arrival, curated.text, deadline) == place:
                return result
            same = None
        raise TimeoutError("the documents that this one repeats come and go too fast")

    def reject(self, arrival: Arrival, rejected: Rejected, deadline: Deadline) -> Result:
        """Take the document's earlier version out of the store too: it is no longer what the bucket holds."""
        if not self.store.replace(arrival.version(), [], [], deadline):
            return self._overtaken(arrival, deadline)
        self.curated.remove_through(arrival.key.tenant, arrival.key.document_id, arrival.change.sequencer)
        self._clear_beside(arrival.version(), deadline)
        self.places.leave(arrival, deadline)
        if not self.lineage.put(arrival.record("rejected", reason=f"{rejected.code}: {rejected.reason}")):
            return Result(outcome="stale")
        self.note(arrival.change, rejected)
        return Result(outcome="rejected", code=rejected.code)

    def reject_key(self, change: Change, rejected: Rejected) -> Result:
        """Note an object under a key that names no document, among those of the tenant that the key begins with."""
        if not self.lineage.put(unkeyed(change, f"{rejected.code}: {rejected.reason}")):
            return Result(outcome="stale")
        self.note(change, rejected)
        return Result(outcome="rejected", code=rejected.code)

    def note(self, change: Change, rejected: Rejected, *, line: int = 0) -> None:
        """Note that an object was rejected, or one line of it."""
        self.lineage.reject(
            document_id(change.object.key),
            rejected,
            at=change.at,
            bucket=change.object.bucket,
            key=change.object.key,
            version_id=change.object.version_id,
            size_bytes=change.object.size_bytes,
            line=line,
        )

    def _keep(
        self,
        arrival: Arrival,
        curated: CuratedDocument,
        done: Record,
        same: Record | None,
        deadline: Deadline,
    ) -> Result:
        version, is_held = arrival.version(curated.title, curated.attributes), bool(done.duplicate_of)
        if same and self.store.touch(version, deadline):
            result = Result(outcome="unchanged", chunks=same.chunks, counts=done.counts, is_held=is_held)
        else:
            chunks = self.index.put(version, curated, deadline)
            if chunks is None:
                return self._overtaken(arrival, deadline)
            result = Result(outcome="indexed", chunks=chunks, counts=done.counts, is_held=is_held)
        for other in self.beside():
            other.keep(version, curated, deadline, is_same=result.outcome == "unchanged")
        if not self.lineage.put(msgspec.structs.replace(done, chunks=result.chunks)):
            return self._overtaken(arrival, deadline)
        return result

    def _leave_out(self, arrival: Arrival, done: Record, deadline: Deadline) -> Result:
        """Take the document out of store and curated bucket: what it says is found in the one that it repeats."""
        if not self.store.replace(arrival.version(), [], [], deadline):
            return self._overtaken(arrival, deadline)
        self.curated.remove_through(done.tenant, done.document_id, done.sequencer)
        self._clear_beside(arrival.version(), deadline)
        return Result(outcome="duplicate") if self.lineage.put(done) else self._overtaken(arrival, deadline)

    def _clear_beside(self, version: DocumentVersion, deadline: Deadline) -> None:
        for other in self.beside():
            other.store.replace(version, [], [], deadline)

    def _overtaken(self, arrival: Arrival, deadline: Deadline) -> Result:
        """Take back what a version left for which a newer one has come."""
        self.curated.remove_through(arrival.key.tenant, arrival.key.document_id, arrival.change.sequencer)
        self.places.leave(arrival, deadline)
        return Result(outcome="stale")


def _placed(record: Record, place: Place) -> Record:
    return msgspec.structs.replace(
        record,
        status="duplicate" if place.standing == "duplicate" else record.status,
        duplicate_of=place.document_id,
        similarity=place.similarity,
        reason=place.reason,
    )
