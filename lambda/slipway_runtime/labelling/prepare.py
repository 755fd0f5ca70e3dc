"""A job's beginning: lines become items, in a file and in the table. Doing it again changes nothing."""

import secrets
from collections.abc import Iterator

import msgspec

from slipway_runtime.labelling.items import Item, RejectedLine, read_items
from slipway_runtime.labelling.job import Job, folder, item_row, jobs_of, read_job
from slipway_runtime.labelling.open_item import ItemState
from slipway_runtime.labelling.request import InvalidJob, JobRequest
from slipway_runtime.labelling.sources import Files
from slipway_runtime.labelling.table import WRITES_AT_ONCE, Conflict, Table, check, put, update

MAX_BYTES = 100_000_000
PREPARING = "#status = :preparing"


class Lines(msgspec.Struct, frozen=True, kw_only=True):
    """What a job is made of: the items, those of them that could not be used, and the items' file."""

    items: list[Item]
    rejected: list[RejectedLine]
    data: bytes


def collect(files: Files, request: JobRequest, max_items: int) -> Lines:
    """Return the items that a request names.

    Raises: InvalidJob if there are none, more than `max_items`, or more than 100 MB of them.
    """
    items: list[Item] = []
    rejected: list[RejectedLine] = []
    size = 0
    for found in read_items(files.lines(request), request.tenant):
        if isinstance(found, RejectedLine):
            rejected.append(found)
            continue
        items.append(found)
        size += len(found.text)
        if len(items) > max_items or size > MAX_BYTES:
            raise InvalidJob(f"items holds more than {max_items} items or {MAX_BYTES} characters; split it into jobs")
    if not items:
        first = f", the first because {rejected[0].reason}" if rejected else ""
        raise InvalidJob(f"items holds no line to label; {len(rejected)} lines were rejected{first}")
    return Lines(items=items, rejected=rejected, data=b"".join(item.line() for item in items))


def write_files(files: Files, job_id: str, request: JobRequest, lines: Lines) -> None:
    """Write the items, the lines that were rejected, and the request."""
    place = folder(job_id)
    files.put(f"{place}items.jsonl", lines.data)
    files.put(f"{place}rejected.jsonl", b"".join(line.encoded() for line in lines.rejected))
    files.put(f"{place}request.json", msgspec.json.encode(request, order="sorted"))


def write_rows(table: Table, job_id: str, request: JobRequest, lines: Lines, started_at: float) -> Job:
    """Write the job and its items, all open, as long as nobody has begun; return the job as it stands then."""
    job = Job(
        id=job_id,
        request=request,
        created_at=started_at,
        deadline_at=started_at + request.deadline_seconds,
        items=len(lines.items),
        rejected=len(lines.rejected),
        remaining=len(lines.items),
        salt=secrets.token_hex(16),
    )
    place = (jobs_of(request.tenant), job_id)
    guard = check(*place, PREPARING, preparing="preparing")
    try:
        table.write([put(job.row(), f"attribute_not_exists(job) OR {PREPARING}", preparing="preparing")])
        writes = [put(item_row(job.partition, state, 0)) for state in _states(job, lines.items)]
        for at in range(0, len(writes), WRITES_AT_ONCE - 1):
            table.write([guard, *writes[at : at + WRITES_AT_ONCE - 1]])
    except Conflict:  # an earlier attempt did all of this, and the job is open already
        return read_job(table.get(*place) or {})
    return job


def open_job(table: Table, tenant: str, job_id: str, token: str) -> None:
    """Let people begin; the token of the state that waits now takes the place of any earlier one."""
    row = (jobs_of(tenant), job_id)
    may = "#status = :preparing OR #status = :open"
    change = "SET #status = :open, #token = :token, resumed = :no"
    table.write([update(*row, change, may, preparing="preparing", open="open", token=token, no=0)])


def _states(job: Job, items: list[Item]) -> Iterator[ItemState]:
    offset = 0
    for item in items:
        length = len(item.line()) - 1  # without the line feed
        yield ItemState(number=item.number, offset=offset, length=length, votes=job.request.votes)
        offset += length + 1
