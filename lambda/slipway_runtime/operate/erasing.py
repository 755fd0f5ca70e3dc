"""A run of erasure: takes requests in batches, goes through every shard, and completes the requests.

A step stops before its deadline and says where to go on, so that a run may take as long as the shards need.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from slipway_runtime.operate.erasure import Erasure
from slipway_runtime.operate.erasure_requests import Request, Requests
from slipway_runtime.operate.lineage import Lineage
from slipway_runtime.operate.observability import count, logger
from slipway_runtime.operate.retry import Deadline, error_code
from slipway_runtime.operate.shards import is_shard

BATCH = 1_000


@dataclass(frozen=True)
class Place:
    """A folder of a bucket whose shards hold lines of documents."""

    bucket: str
    prefix: str


class Step(msgspec.Struct, kw_only=True):
    """Where a run stands: the batch's ids, the place and the last key that was gone through, and what has gone."""

    ids: list[str] = []
    place: int = 0
    after: str = ""
    documents: int = 0
    objects: int = 0
    lines: int = 0
    failed: int = 0
    done: bool = False


class ErasureIncomplete(Exception):  # noqa: N818 - says what is wrong
    """Shards could not be erased from; their requests stay, and the log says which and why."""


@dataclass(frozen=True, kw_only=True)
class Erasing:
    """Goes through the shards of `places`; `now` gives the time, ISO 8601."""

    s3: Any
    lineage: Lineage
    requests: Requests
    places: Sequence[Place]
    now: Callable[[], str]

    def step(self, step: Step, deadline: Deadline) -> Step:
        """Do a part of the run and return where it stands.

        Raises: ErasureIncomplete when a batch has gone through everything and failed somewhere.
        """
        if not step.ids:
            due = self.requests.due(self.now(), BATCH)
            count("ErasureAgeSeconds", self._age(due))
            step.ids = [request.document_id for request in self._wanted(due)]
            step.place, step.after, step.done = 0, "", not due
            return step if not step.ids else self._walk(step, deadline)
        step.ids = [request.document_id for request in self._wanted(map(self.requests.find, step.ids))]
        return self._walk(step, deadline) if step.ids else step

    def _wanted(self, requests: Any) -> Iterator[Request]:
        """Yield those whose document is still deleted; the others' requests are dropped."""
        for request in filter(None, requests):
            record = self.lineage.current(request.document_id)
            if record is not None and record.status != "deleted":
                self.requests.drop(request)
            else:
                yield request

    def _walk(self, step: Step, deadline: Deadline) -> Step:
        while step.place < len(self.places):
            place = self.places[step.place]
            for key in self._shards(place, step.after):
                if deadline.remaining_seconds <= 0:
                    return step
                self._erase(place, key, step)
                step.after = key
            step.place, step.after = step.place + 1, ""
        return self._complete(step)

    def _shards(self, place: Place, after: str) -> Iterator[str]:
        """Yield the keys of shards after `after`, also of those of which only old versions are left."""
        where = {"Bucket": place.bucket, "Prefix": place.prefix} | ({"KeyMarker": after} if after else {})
        last = after
        for page in self.s3.get_paginator("list_object_versions").paginate(**where):
            for entry in page.get("Versions", []):
                if entry["Key"] > last and is_shard(entry["Key"]):
                    last = entry["Key"]
                    yield last

    def _erase(self, place: Place, key: str, step: Step) -> None:
        erasure = Erasure(client=self.s3, bucket=place.bucket, ids=frozenset(step.ids), now=self.now)
        try:
            erased = erasure.erase(key)
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

    def _complete(self, step: Step) -> Step:
        if step.failed:
            raise ErasureIncomplete(f"{step.failed} shards could not be erased from; see the log for which and why")
        for request in self._wanted(map(self.requests.find, step.ids)):
            self.lineage.forget_titles(request.document_id)
            self.requests.finish(request, self.now())
            step.documents += 1
        step.ids = []
        return step

    def _age(self, due: Sequence[Request]) -> float:
        """Return for how many seconds the oldest request has waited that nothing was done for."""
        waiting = [request.requested_at for request in due if not request.erased_at]
        if not waiting:
            return 0
        return (datetime.fromisoformat(self.now()) - datetime.fromisoformat(min(waiting))).total_seconds()
