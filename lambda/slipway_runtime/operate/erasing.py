"""A run of erasure: takes requests in batches, goes through every shard, and completes the requests.

A step stops before its deadline and says where to go on, so that a run may take as long as the shards need.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import msgspec

from slipway_runtime.operate.deleted import Deleted
from slipway_runtime.operate.erasure import Erased, Erasure
from slipway_runtime.operate.erasure_requests import CONFIRM_AFTER, Request, Requests
from slipway_runtime.operate.lineage import Lineage
from slipway_runtime.operate.observability import count, logger
from slipway_runtime.operate.record import Record
from slipway_runtime.operate.retry import Deadline, error_code
from slipway_runtime.operate.shards import is_shard, is_work

BATCH = 1_000
# An object about one document, as runs of augmentation keep them.
OF_DOCUMENT = re.compile(r"/documents/(doc_[^/]+)\.json\Z")


@dataclass(frozen=True)
class Place:
    """A folder of a bucket whose shards hold lines of documents.

    `is_work`: what runs leave there when they fail. An object of it goes whole, once no run can be at it any more.
    """

    bucket: str
    prefix: str
    is_work: bool = False


class Step(msgspec.Struct, kw_only=True):
    """Where a run stands: the batch's ids, the place and the last key that was gone through, and what has gone.

    `confirm`: no job is running that read a document before it was deleted, so that no second pass is needed.
    `is_late`: time ran out before all that lies by document had gone.
    """

    confirm: bool = False
    ids: list[str] = []
    place: int = 0
    after: str = ""
    documents: int = 0
    objects: int = 0
    lines: int = 0
    failed: int = 0
    is_late: bool = False
    done: bool = False


class ErasureIncomplete(Exception):  # noqa: N818 - says what is wrong
    """Shards could not be erased from; their requests stay, and the log says which and why."""


class ByDocument(Protocol):
    """Takes away what lies under a document's own id, and returns how much that was, by kind.

    `later`: the source versions that came after the deletion, whose own stays.
    """

    def __call__(self, request: Request, later: frozenset[str], deadline: Deadline) -> Mapping[str, int]:
        """Take it away; what the deadline leaves goes with the next run."""


def _nothing(request: Request, later: frozenset[str], deadline: Deadline) -> Mapping[str, int]:  # noqa: ARG001
    return {}


@dataclass(frozen=True, kw_only=True)
class Erasing:
    """Goes through the shards of `places`; `now` gives the time, ISO 8601, `forget` see Erasure.

    `unsay` deletes the answers to a tenant that rest on a document, and returns how many there were.
    """

    s3: Any
    lineage: Lineage
    requests: Requests
    places: Sequence[Place]
    by_document: ByDocument = _nothing
    now: Callable[[], str]
    forget: Callable[[str, list[int]], None]
    unsay: Callable[[str, str], int] = lambda _tenant, _document_id: 0

    def step(self, step: Step, deadline: Deadline) -> Step:
        """Do a part of the run and return where it stands.

        Raises: ErasureIncomplete when a batch has gone through everything and failed somewhere.
        """
        if step.ids:
            deleted = self._deleted(map(self.requests.find, step.ids))
        else:
            due = self.requests.due("" if step.confirm else self.now(), BATCH)
            count("ErasureAgeSeconds", self._age(due))
            deleted = self._deleted(due)
            step.place, step.after, step.done = 0, "", not due
            step.is_late = self._by_document(due, deleted, deadline)
        step.ids = list(deleted)
        return self._walk(step, deleted, deadline) if step.ids else step

    def _by_document(self, requests: Sequence[Request], deleted: Deleted, deadline: Deadline) -> bool:
        """Take away what lies under the documents' own ids; return whether time ran out, so that some may be left."""
        for request in requests:
            removed = self.by_document(request, deleted.later[request.document_id], deadline)
            for kind, number in removed.items():
                if number:
                    self.requests.add(request.document_id, kind, number)
        return bool(requests) and deadline.remaining_seconds <= 0

    def _deleted(self, requests: Iterable[Request | None]) -> Deleted:
        return Deleted({request.document_id: self._later(request) for request in requests if request})

    def _later(self, request: Request) -> frozenset[str]:
        """Return the source versions that came after a deletion, none unless the document is there again."""
        record = self.lineage.current(request.document_id)
        if record is None or record.status == "deleted":
            return frozenset()
        history = self.lineage.history.of(request.document_id)
        return frozenset([record.version_id, *(each.version_id for each in history if _came_after(each, request))])

    def _walk(self, step: Step, deleted: Deleted, deadline: Deadline) -> Step:
        while step.place < len(self.places):
            place = self.places[step.place]
            for key in self._objects(place, step, deleted):
                if deadline.remaining_seconds <= 0:
                    return step
                self._erase(place, key, step, deleted)
                step.after = key
            step.place, step.after = step.place + 1, ""
        return self._complete(step, deleted, deadline)

    def _objects(self, place: Place, step: Step, deleted: Deleted) -> Iterator[str]:
        """Yield the keys after `step.after` that may hold lines to erase, also where only old versions are left."""
        last = step.after
        where = {"Bucket": place.bucket, "Prefix": place.prefix} | ({"KeyMarker": last} if last else {})
        # Work of runs that may go on is left to the second pass, a day after the deletion.
        until = datetime.fromisoformat(self.now()) - CONFIRM_AFTER
        for page in self.s3.get_paginator("list_object_versions").paginate(**where):
            for entry in page.get("Versions", []):
                key = entry["Key"]
                if key <= last:
                    continue
                of = OF_DOCUMENT.search(key)
                is_due = place.is_work and is_work(key) and (step.confirm or entry["LastModified"] <= until)
                if is_due or (not place.is_work and (is_shard(key) or (of and of[1] in deleted))):
                    last = key
                    yield key

    def _erase(self, place: Place, key: str, step: Step, deleted: Deleted) -> None:
        try:
            erased = self._erased(place, key, deleted)
        except Exception as error:
            # One shard in the way must not keep the lines of all the others.
            logger.error("shard failed", extra={"shard": key, "reason": error_code(error)})
            step.failed += 1
            return
        self._add(erased.lines)
        step.lines += erased.removed_lines
        step.objects += bool(erased.removed_lines or erased.versions)

    def _add(self, lines: Counter[str]) -> None:
        for document_id, number in lines.items():
            self.requests.add(document_id, "examples", number)

    def _erased(self, place: Place, key: str, deleted: Deleted) -> Erased:
        erasure = Erasure(client=self.s3, bucket=place.bucket, deleted=deleted, now=self.now, forget=self.forget)
        return erasure.remove(key) if place.is_work or not is_shard(key) else erasure.erase(key)

    def _complete(self, step: Step, deleted: Deleted, deadline: Deadline) -> Step:
        if step.failed:
            raise ErasureIncomplete(f"{step.failed} shards could not be erased from; see the log for which and why")
        if step.is_late:
            step.is_late = self._by_document([*filter(None, map(self.requests.find, step.ids))], deleted, deadline)
            if step.is_late:
                return step
        for request in filter(None, map(self.requests.find, step.ids)):
            self.lineage.history.forget_titles(request.document_id, request.sequencer)
            if (record := self.lineage.current(request.document_id)) and (
                unsaid := self.unsay(record.tenant, request.document_id)
            ):
                self.requests.add(request.document_id, "answers", unsaid)
            if self.requests.finish(request, self.now(), confirm=step.confirm) and deleted.later[request.document_id]:
                self.requests.drop(request)  # the document is there again, and what it was is nowhere any more
            step.documents += 1
        step.ids = []
        return step

    def _age(self, due: Sequence[Request]) -> float:
        """Return for how many seconds the oldest request has waited that nothing was done for."""
        waiting = [request.requested_at for request in due if not request.erased_at]
        if not waiting:
            return 0
        return (datetime.fromisoformat(self.now()) - datetime.fromisoformat(min(waiting))).total_seconds()


def _came_after(version: Record, request: Request) -> bool:
    """Return whether a version came after the deletion, and is still there."""
    return version.sequencer > request.sequencer and not version.deleted_at
