"""GET /v1/labelling/jobs, GET …/{id}, POST …/{id}/next, POST …/{id}/items/{item}/labels, /skip and /flag."""

import re
from itertools import islice
from typing import Annotated, Any
from urllib.parse import unquote

import msgspec
from msgspec import Meta

from slipway_runtime import settings
from slipway_runtime.generate.errors import ApiError, invalid
from slipway_runtime.handlers.events import ApiRequest
from slipway_runtime.handlers.http import decode_body, respond
from slipway_runtime.labelling.board import Board
from slipway_runtime.labelling.job import Job, folder, item_id
from slipway_runtime.labelling.table import Table
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import count, observed

DEFAULT_LIMIT = 20
LIMIT = re.compile(r"[0-9]{1,3}")
MAX_LIMIT = 100
JOB_ID = re.compile(r"[A-Za-z0-9_.-]{1,80}")
ITEM_ID = re.compile(r"[0-9]{6}")
WAIT_SECONDS = 5
# No '#' and no '~', by which rows are told apart.
Worker = Annotated[str, Meta(pattern=r"^[A-Za-z0-9@._+-]{1,128}$")]


class NextBody(msgspec.Struct, forbid_unknown_fields=True):
    """Who wants an item, and for how long, at most what the environment allows."""

    worker: Worker
    lease_seconds: Annotated[int, Meta(ge=1)] | None = None


class LabelBody(msgspec.Struct, forbid_unknown_fields=True):
    """Who says what; the label's form depends on the task."""

    worker: Worker
    label: Any


class PassBody(msgspec.Struct, forbid_unknown_fields=True):
    """Who would not label the item, and why."""

    worker: Worker
    reason: Annotated[str, Meta(min_length=1, max_length=1000)]


@observed
def handler(event: dict[str, Any], _context: Any) -> Any:
    """Answer one request."""
    return respond(event, _route)


def _route(request: ApiRequest) -> dict[str, Any]:
    board = _board(request.request_context.authorizer.tenant)
    found = request.path_parameters or {}
    job, item = unquote(found.get("id", "")), unquote(found.get("item", ""))
    if job and not JOB_ID.fullmatch(job):
        raise ApiError(404, "There is no labelling job with this id.", code="job_not_found", param="id")
    if item and not ITEM_ID.fullmatch(item):
        raise ApiError(404, "There is no item with this id in the job.", code="item_not_found", param="item")
    match request.http_method, request.path.rstrip("/").rsplit("/", 1)[-1]:
        case "GET", _:
            return shown(board.job(job)) if job else _list(board, request.query_string_parameters or {})
        case "POST", "next":
            return _next(board, job, decode_body(request, NextBody))
        case "POST", "labels":
            return _label(board, job, item, decode_body(request, LabelBody))
        case "POST", ("skip" | "flag") as verb:
            return _pass(board, job, item, decode_body(request, PassBody), flag=verb == "flag")
    raise ApiError(405, f"{request.http_method} is not served here.", code="method_not_allowed")


def _list(board: Board, query: dict[str, str]) -> dict[str, Any]:
    limit = query.get("limit", str(DEFAULT_LIMIT))
    if not (LIMIT.fullmatch(limit) and 1 <= int(limit) <= MAX_LIMIT):
        raise invalid(f"'limit' must be a whole number from 1 to {MAX_LIMIT}.", "limit")
    after = query.get("after", "")
    if after and not JOB_ID.fullmatch(after):
        raise invalid("'after' is not the id of a job.", "after")
    jobs = list(islice(board.jobs(after), int(limit) + 1))
    page = jobs[: int(limit)]
    last = page[-1].id if page else None
    return {"object": "list", "data": [shown(job) for job in page], "has_more": len(jobs) > len(page), "last_id": last}


def _next(board: Board, job_id: str, body: NextBody) -> dict[str, Any]:
    longest = int(settings.required("LEASE_SECONDS"))
    if body.lease_seconds is not None and body.lease_seconds > longest:
        raise invalid(f"'lease_seconds' must be from 1 to {longest}.", "lease_seconds")
    job, lease = board.next(job_id, body.worker, body.lease_seconds or longest)
    answer: dict[str, Any] = {"object": "labelling.lease", "job": job.id, "task": job.request.task, "item": None}
    if lease is None:
        # Others hold what is left, or this worker has seen all of it.
        return answer | {"remaining": job.remaining, "retry_after_seconds": WAIT_SECONDS}
    item = {"id": item_id(lease.item.number), "text": lease.item.text, "title": lease.item.title}
    count("LabellingLeases")
    return answer | {"item": item | {"document_id": lease.item.document_id}, "lease_expires_at": lease.until}


def _label(board: Board, job_id: str, item: str, body: LabelBody) -> dict[str, Any]:
    label = board.label(job_id, int(item), body.worker, body.label)
    count("LabellingLabels")
    return {"object": "labelling.label", "job": job_id, "item": item, "label": label}


def _pass(board: Board, job_id: str, item: str, body: PassBody, *, flag: bool) -> dict[str, Any]:
    board.give_back(job_id, int(item), body.worker, body.reason, flag=flag)
    return {"object": "labelling.pass", "job": job_id, "item": item, "flagged": flag}


def shown(job: Job) -> dict[str, Any]:
    """Return a job as clients see it, without its token."""
    ended = job.status in ("completed", "expired")
    return {
        "object": "labelling.job",
        "id": job.id,
        "name": job.request.name,
        "status": job.status,
        "task": job.request.task,
        "votes": job.request.votes,
        "items": job.items,
        "rejected": job.rejected,
        "done": job.items - job.remaining,
        "remaining": job.remaining,
        "flagged": job.flagged,
        "labels": job.labels,
        "created_at": job.created_at,
        "deadline_at": job.deadline_at,
        "results": f"{folder(job.id)}results.jsonl" if ended else None,
    }


def _board(tenant: str) -> Board:
    return Board(
        table=Table(client=client("dynamodb"), name=settings.required("LABELLING_TABLE")),
        s3=client("s3"),
        states=client("stepfunctions"),
        bucket=settings.required("ARTIFACTS_BUCKET"),
        tenant=tenant,
    )
