"""What people do with a job: take the next item, label it, skip or flag it. Safe with many people at once.

Every change is written under the revision that was read, and together with what it means for the job; whoever comes
second reads again. Doing the same twice is doing it once.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.generate.errors import ApiError, invalid
from slipway_runtime.labelling import table as rows
from slipway_runtime.labelling.items import Item, read_item
from slipway_runtime.labelling.job import LAST, Job, folder, item_id, item_row, jobs_of, read_job, read_state
from slipway_runtime.labelling.open_item import ItemState
from slipway_runtime.labelling.resume import resume
from slipway_runtime.labelling.table import Conflict, Row, Table
from slipway_runtime.labelling.task import InvalidLabel, Label

ATTEMPTS = 20
FIRST_PAGE = 25
SAME_REVISION = "revision = :revision"
OPEN_JOB = "#status = :open"


@dataclass(frozen=True, kw_only=True)
class Lease:
    """An item in somebody's hands until a moment, in seconds since 1970."""

    item: Item
    until: float


@dataclass(frozen=True, kw_only=True)
class Board:
    """The jobs of one tenant; those of another do not exist here."""

    table: Table
    s3: Any
    states: Any
    bucket: str
    tenant: str
    now: Callable[[], float] = time.time

    def jobs(self, after: str = "") -> Iterator[Job]:
        """Yield the tenant's jobs in the order of their ids, those after `after`."""
        found = self.table.query(jobs_of(self.tenant), after or " ", LAST)
        return (read_job(row) for row in found if row["item"] != after)

    def job(self, job_id: str) -> Job:
        """Return a job; one that waits although all is labelled is resumed. Raises: ApiError 404."""
        row = self.table.get(jobs_of(self.tenant), job_id)
        if row is None:
            raise ApiError(404, "There is no labelling job with this id.", code="job_not_found", param="id")
        job = read_job(row)
        resume(self.table, self.states, job)
        return job

    def next(self, job_id: str, worker: str, lease_seconds: int) -> tuple[Job, Lease | None]:
        """Return an item, the worker's for `lease_seconds`, the one they hold already if they do; None without any."""
        job, now = self._open(job_id), self.now()
        cursor = self.table.get(job.partition, f"worker#{worker}") or {}
        last = int(cursor.get("number", 0))
        held = self.table.get(job.partition, f"open#{item_id(last)}") if last else None
        if held and (until := read_state(held).lease_of(worker, now)):
            item = self.item(job, read_state(held))
            if item.text:
                return job, Lease(item=item, until=until)
        for row in self._candidates(job, last):
            state = read_state(row)
            if worker in state.skipped or not state.has_place(worker, now):
                continue
            item = self.item(job, state)
            if not item.text:
                self._leave_out(job, row)
                continue
            leased = state.leased(worker, now + lease_seconds, now)
            mark: Row = {"job": job.partition, "item": f"worker#{worker}", "number": state.number}
            try:
                self.table.write([_replaced(job, row, leased), rows.put(mark), _while_open(job)])
            except Conflict:  # another worker took it, or the job has ended
                continue
            return job, Lease(item=item, until=now + lease_seconds)
        return self.job(job_id), None  # it may have been resumed, where what was left was erased

    def label(self, job_id: str, number: int, worker: str, label: Any) -> Label:
        """Note a worker's label and return it in canonical form; again the same is no second vote.

        Raises: ApiError 400 naming the field, 404, 409 if they said something else before, or the item is not theirs.
        """
        for _ in range(ATTEMPTS):
            job, row, name = *self._item(job_id, number), f"label#{item_id(number)}#{worker}"
            state = read_state(row)
            checked = self._checked(job, state, label)
            if before := self.table.get(job.partition, name):
                return _same(before, checked)
            self._require_open(job, state)
            if not state.has_place(worker, self.now()):
                message = "This item is not yours any more: others hold or gave its votes. Ask for the next item."
                raise ApiError(409, message, code="lease_lost", param="worker")
            voted = state.voted(worker, self.now())
            vote: Row = {"job": job.partition, "item": name, "at": int(self.now()), "label": _encoded(checked)}
            try:
                self.table.write(
                    [_replaced(job, row, voted), *_moved(job, voted), _new(vote), _counted(job, voted, "labels")]
                )
            except Conflict:
                continue
            self.job(job_id)
            return checked
        raise _busy()

    def give_back(self, job_id: str, number: int, worker: str, reason: str, *, flag: bool) -> None:
        """Note that a worker skips an item, which is not offered to them again; with `flag`, to nobody."""
        for _ in range(ATTEMPTS):
            job, row = self._item(job_id, number)
            state, name = read_state(row), f"pass#{item_id(number)}#{worker}"
            before = self.table.get(job.partition, name)
            if before and (before["flag"] or not flag):
                return
            self._require_open(job, state)
            if worker in state.voters:
                message = "You have labelled this item already; what is said stays."
                raise ApiError(409, message, code="already_labelled", param="worker")
            passed = state.passed(worker, self.now(), flag=flag)
            note: Row = {"job": job.partition, "item": name, "at": int(self.now()), "flag": int(flag), "reason": reason}
            try:
                self.table.write(
                    [
                        _replaced(job, row, passed),
                        *_moved(job, passed),
                        rows.put(note),
                        _counted(job, passed, "flagged"),
                    ]
                )
            except Conflict:
                continue
            self.job(job_id)
            return
        raise _busy()

    def item(self, job: Job, state: ItemState) -> Item:
        """Return what people see of an item, from the job's file."""
        last = state.offset + state.length - 1
        answer = self.s3.get_object(
            Bucket=self.bucket, Key=f"{folder(job.id)}items.jsonl", Range=f"bytes={state.offset}-{last}"
        )
        with closing(answer["Body"]) as body:
            return read_item(body.read(), state.number)

    def _leave_out(self, job: Job, row: Row) -> None:
        """Ask nobody any more about an item whose document was deleted; it counts as flagged."""
        gone = read_state(row).erased()
        with contextlib.suppress(Conflict):  # somebody else has found it out
            self.table.write([_replaced(job, row, gone), *_moved(job, gone), _counted(job, gone, "flagged")])

    def _open(self, job_id: str) -> Job:
        job = self.job(job_id)
        if job.status != "open" or self.now() >= job.deadline_at:
            state = job.status if job.status != "open" else "past its deadline"
            message = f"The job is {state}; labels are taken only while it is open."
            raise ApiError(409, message, code="job_not_open", param="id")
        return job

    def _item(self, job_id: str, number: int) -> tuple[Job, Row]:
        """Return a job and the row of one of its items. Raises: ApiError 404."""
        job = self.job(job_id)
        for prefix in ("open", "done", "done"):  # an item may move between two reads, from open to done only
            if row := self.table.get(job.partition, f"{prefix}#{item_id(number)}"):
                return job, row
        raise ApiError(404, "There is no item with this id in the job.", code="item_not_found", param="item")

    def _require_open(self, job: Job, state: ItemState) -> None:
        self._open(job.id)
        if state.state != "open":
            message = f"The item is {state.state}: it needs no more labels. Ask for the next item."
            raise ApiError(409, message, code="item_done", param="item")

    def _checked(self, job: Job, state: ItemState, label: Any) -> Label:
        task, text = job.request.task, ""
        if task.type in ("span", "text"):  # whose labels hold words of the document
            text = self.item(job, state).text
            if not text:
                message = "The document of this item was deleted. Ask for the next item."
                raise ApiError(404, message, code="item_not_found", param="item")
        try:
            return task.checked(label, text)
        except InvalidLabel as error:
            raise invalid(str(error), error.field) from error

    def _candidates(self, job: Job, last: int) -> Iterator[Row]:
        """Yield open items, those after the worker's last one first: nobody reads past what they have done."""
        yield from self.table.query(job.partition, f"open#{item_id(last + 1)}", f"open#{LAST}", page=FIRST_PAGE)
        if last:
            yield from self.table.query(job.partition, "open#", f"open#{item_id(last)}")


def _replaced(job: Job, row: Row, state: ItemState) -> dict[str, Any]:
    """Return the write of an item's new state over the one that was read, or its removal where it is done."""
    revision = int(row["revision"])
    if state.state == "open":
        return rows.put(item_row(job.partition, state, revision + 1), SAME_REVISION, revision=revision)
    return rows.delete(job.partition, f"open#{item_id(state.number)}", SAME_REVISION, revision=revision)


def _moved(job: Job, state: ItemState) -> list[dict[str, Any]]:
    return [] if state.state == "open" else [_new(item_row(job.partition, state, 0))]


def _new(row: Row) -> dict[str, Any]:
    return rows.put(row, "attribute_not_exists(job)")


def _while_open(job: Job) -> dict[str, Any]:
    return rows.check(jobs_of(job.request.tenant), job.id, OPEN_JOB, open="open")


def _counted(job: Job, state: ItemState, counter: str) -> dict[str, Any]:
    """Return what an item's change means for the job, which must still be open."""
    ended = int(state.state != "open")
    added = 1 if counter == "labels" else ended
    expression = f"SET remaining = remaining - :ended, {counter} = {counter} + :added"
    place = (jobs_of(job.request.tenant), job.id)
    return rows.update(*place, expression, OPEN_JOB, open="open", ended=ended, added=added)


def _same(before: Row, checked: Label) -> Label:
    if before["label"] == _encoded(checked):
        return checked
    message = "You labelled this item otherwise before; what was said first stays."
    raise ApiError(409, message, code="already_labelled", param="label")


def _encoded(label: Label) -> str:
    return msgspec.json.encode(label, order="sorted").decode()


def _busy() -> ApiError:
    message = "Many people work on this item at once; send the same request again."
    return ApiError(503, message, code="busy", retry_after_seconds=1)
