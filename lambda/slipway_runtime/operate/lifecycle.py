"""The life of a document: it comes, changes and goes.

Each change is safe to repeat and to run beside another one; whatever stops in between is put right when the event comes
again. An event that turns out to be old removes what older ones left.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from slipway_runtime.operate.change import Arrival, Change, Result, now
from slipway_runtime.operate.objects import ObjectVersion
from slipway_runtime.operate.ocr import NotYet
from slipway_runtime.operate.reader import Reader
from slipway_runtime.operate.recognising import Recognising
from slipway_runtime.operate.record import Record
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.operate.settle import Settling
from slipway_runtime.prepare.curate import CuratedDocument
from slipway_runtime.prepare.keys import document_id, is_no_document, parse_key
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.streamed import REJECTED, named, sift


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """Carries changes of the raw bucket into the curated bucket, the store and the lineage."""

    reader: Reader
    settling: Settling
    recognising: Recognising | None = None

    def rules(self, key: str) -> str:
        """Return everything that decides which chunks the bytes under an object key give, as one string."""
        return f"{self.reader.rules(key)}/{self.settling.index.rules}"

    def created(self, change: Change, deadline: Deadline) -> Result:  # noqa: PLR0911 - one for each end
        """Index a version, or note why it is left out or cannot be read.

        Raises: EmbeddingError, StoreUnavailable, Conflict and the errors of S3, DynamoDB and SQS; then nothing of it is
        visible as done.
        """
        if is_no_document(change.object.key, change.object.size_bytes):
            return Result(outcome="gone")
        try:
            arrival = self._arrival(change)
        except Rejected as rejected:
            return self.settling.reject_key(change, rejected)
        key = arrival.key
        known = self.settling.lineage.current(key.document_id)
        if known is not None and _is_old(known, arrival):
            if known.sequencer == change.sequencer:
                return Result(outcome="unchanged", chunks=known.chunks)
            self.settling.curated.remove_before(key.tenant, key.document_id, known.sequencer)
            self.settling.places.leave(arrival, deadline)
            return Result(outcome="stale", chunks=known.chunks)
        try:
            return self._read(arrival, known, deadline)
        except NotYet as reason:
            assert self.recognising is not None  # noqa: S101 - or nobody would recognise anything
            return self.recognising.wait(arrival, reason, deadline)
        except Rejected as rejected:
            if rejected.code == "archived" and known and known.status == "indexed" and _is_same_version(known, change):
                # What was made of it while it could be read is still right.
                return Result(outcome="unchanged", chunks=known.chunks, code=rejected.code)
            return self.settling.reject(arrival, rejected, deadline)

    def deleted(self, change: Change, deadline: Deadline, *, permanent: bool) -> Result:
        """Remove a document whose object is gone.

        A version that is removed for good may not have been the current one (lifecycle rules expire old ones), or may
        uncover an older one: what S3 gives to a reader now decides.
        """
        try:
            arrival = self._arrival(change)
        except Rejected:
            return self._unkeyed_gone(change, permanent=permanent)
        key = arrival.key
        if permanent and (left := self.reader.objects.current(change.object.bucket, change.object.key)):
            return self._uncovered(arrival, left, deadline)
        removed = self.settling.store.delete(key.tenant, key.document_id, change.sequencer, deadline)
        lines = 0
        if removed is not None:
            lines = self.settling.curated.forget(key.tenant, key.document_id, change.sequencer)
            for other in self.settling.beside():
                other.store.delete(key.tenant, key.document_id, change.sequencer, deadline)
            self.settling.places.leave(arrival, deadline)
        known = self.settling.lineage.current(key.document_id)
        last, taken = known or arrival.record("deleted"), {"chunks": removed or 0, "curated": lines}
        if removed is None or not self._mark(last, change, taken):
            return Result(outcome="stale")
        return Result(outcome="deleted", chunks=removed)

    def recognised(self, document_id: str, deadline: Deadline) -> Result:
        """Take up a document whose job has ended, well or not. Raises: as `created`."""
        change = self.recognising.ended(document_id) if self.recognising else None
        if change is None:
            return Result(outcome="stale")
        result = self.created(change, deadline)
        # A job may end before it is noted: then it was noted only now.
        return self.created(change, deadline) if result.outcome == "recognising" else result

    def _arrival(self, change: Change) -> Arrival:
        """Raises: Rejected for a key that names no document."""
        key = parse_key(change.object.key)
        return Arrival(key=key, change=change, rules=self.rules(change.object.key))

    def _read(self, arrival: Arrival, known: Record | None, deadline: Deadline) -> Result:
        version = arrival.change.object
        data = self.reader.read(version)
        if data is None:
            # Removed since: the event that tells so follows or came first.
            return Result(outcome="gone")
        done = arrival.record("indexed", sha256=hashlib.sha256(data).hexdigest())
        if self.recognising and known and known.version_id != version.version_id:
            self.recognising.ocr.known.forget_others(arrival, done.sha256)
        same = known if known and known.status == "indexed" and _is_same(known, done) else None
        curated = self._curated_already(arrival, done.sha256) if same else None
        if curated is None:
            same, curated = None, self.reader.curate(arrival, data, deadline)
        described = {name: getattr(curated, name) for name in ("title", "media_type", "counts")}
        end = msgspec.structs.replace(done, **described)
        result = self.settling.settle(arrival, curated, end, same, deadline)
        if REJECTED in curated.counts and result.outcome != "stale":
            for bad in named(sift(data)[1]):
                self.settling.note(arrival.change, Rejected(bad.code, bad.reason), line=bad.line)
        return result

    def _uncovered(self, arrival: Arrival, left: ObjectVersion, deadline: Deadline) -> Result:
        """Bring what a reader gets now, and remove what was made of a version that was removed for good.

        In this order: whoever still publishes that version is refused by the lineage, or has put it already.
        """
        change, key = arrival.change, arrival.key
        known = self.settling.lineage.current(key.document_id)
        if known and known.version_id == left.version_id and known.status != "deleted":
            result = Result(outcome="unchanged", chunks=known.chunks)
        else:
            result = self.created(Change(object=left, sequencer=change.sequencer, at=change.at), deadline)
        if version := change.object.version_id:
            self.settling.curated.remove_made_of(key.tenant, key.document_id, version)
            self.settling.lineage.history.gone(key.document_id, version, now())
        return result

    def _unkeyed_gone(self, change: Change, *, permanent: bool) -> Result:
        """Mark an object as deleted that was rejected for its key, unless another version of it is there."""
        known = self.settling.lineage.current(document_id(change.object.key))
        if known is None or (permanent and self.reader.objects.current(change.object.bucket, change.object.key)):
            return Result(outcome="gone")
        return Result(outcome="deleted" if self._mark(known, change, {}) else "stale")

    def _mark(self, last: Record, change: Change, removed: Mapping[str, int]) -> bool:
        return self.settling.lineage.delete(last, sequencer=change.sequencer, at=now(), removed=removed)

    def _curated_already(self, arrival: Arrival, sha256: str) -> CuratedDocument | None:
        """Return what was made of the same bytes by the same rules, under the name of this version."""
        found = self.settling.curated.get(arrival.key.tenant, arrival.key.document_id)
        if found is None or found.sha256 != sha256:
            return None
        return msgspec.structs.replace(found, source_version=arrival.change.object.version_id)


def _is_old(known: Record, arrival: Arrival) -> bool:
    """Return whether a newer event was seen, or this very one is done under the rules of today.

    A duplicate, also one that is held, is looked at again: what it repeats may have gone.
    """
    if known.sequencer != arrival.change.sequencer:
        return known.sequencer > arrival.change.sequencer
    if known.status == "deleted":
        return True
    return known.status == "indexed" and not known.duplicate_of and known.rules == arrival.rules


def _is_same_version(known: Record, change: Change) -> bool:
    return known.version_id == change.object.version_id


def _is_same(known: Record, done: Record) -> bool:
    return (known.sha256, known.rules) == (done.sha256, done.rules)
