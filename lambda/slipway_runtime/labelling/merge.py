"""A job's end: what people said becomes results, training examples and a report. The same rows give the same bytes."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from slipway_runtime.labelling.agreement import Agreement, agreement
from slipway_runtime.labelling.decide import Decision, decide, example_of
from slipway_runtime.labelling.items import Item, read_file
from slipway_runtime.labelling.job import LAST, Job, folder, jobs_of, read_job
from slipway_runtime.labelling.sources import Files
from slipway_runtime.labelling.table import Row, Table, update
from slipway_runtime.labelling.task import Label

Outcome = Literal["labelled", "undecided", "partial", "flagged", "unlabelled", "erased"]


class Vote(msgspec.Struct, frozen=True, kw_only=True):
    """What one person said when, in seconds since 1970. `worker` is a pseudonym; the table has the name."""

    worker: str
    label: Label
    at: int


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """Who would not label an item, and why."""

    worker: str
    reason: str
    flag: bool


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One line of results.jsonl. `share`: the part of the people, or a machine's confidence, behind `label`, 0 to 1."""

    item: int
    document_id: str
    source_version: str
    rules: str
    outcome: Outcome
    label: Label = None
    share: float = 0.0
    votes: list[Vote] = []
    passes: list[Pass] = []
    example: dict[str, Any] | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a job: how many items of each outcome, how far people agreed, and where the files are."""

    job: str
    status: Literal["completed", "expired"]
    items: int
    rejected: int
    outcomes: dict[str, int]
    labels: int
    agreement: Agreement | None
    results: str
    examples: str


def merge(table: Table, files: Files, tenant: str, job_id: str) -> Report:
    """End a job: take no more labels, write its files, and return the report."""
    place = (jobs_of(tenant), job_id)
    table.write(
        [update(*place, "SET #status = :closing", "#status <> :preparing", closing="closing", preparing="preparing")]
    )
    job = read_job(table.get(*place) or {})
    items = read_file(files.read(f"{folder(job_id)}items.jsonl"))
    votes, passes = _votes(table, job), _passes(table, job)
    results = [_result(job, item, votes[item.number], passes[item.number]) for item in items]
    labels = [
        [vote.label for vote in result.votes] for result in results if result.outcome not in ("flagged", "erased")
    ]
    report = write(files, job, results, agreement(job.request.task, labels))
    end = "SET #status = :status"
    table.write([update(*place, end, "#status = :closing", status=report.status, closing="closing")])
    return report


def write(files: Files, job: Job, results: Sequence[Result], agreed: Agreement | None) -> Report:
    """Write results.jsonl, examples.jsonl and report.json, and return the report."""
    place = folder(job.id)
    data = b"".join(msgspec.json.encode(result, order="sorted") + b"\n" for result in results)
    examples = b"".join(
        msgspec.json.encode(result.example, order="sorted") + b"\n" for result in results if result.example
    )
    outcomes = [result.outcome for result in results]
    report = Report(
        job=job.id,
        status="completed" if job.remaining == 0 else "expired",
        items=job.items,
        rejected=job.rejected,
        outcomes={outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))},
        labels=sum(len(result.votes) for result in results),
        agreement=agreed,
        results=files.put(f"{place}results.jsonl", data),
        examples=files.put(f"{place}examples.jsonl", examples),
    )
    files.put(f"{place}report.json", msgspec.json.encode(report, order="sorted"))
    return report


def result_of(job: Job, item: Item, outcome: Outcome, decision: Decision, **more: Any) -> Result:
    """Return an item's line; only what is `labelled` becomes an example."""
    task = job.request.task
    example = example_of(task, item, decision.label, job=job.id) if outcome == "labelled" else None
    return Result(
        item=item.number,
        document_id=item.document_id,
        source_version=item.source_version,
        rules=item.rules,
        outcome=outcome,
        label=decision.label,
        share=round(decision.share, 4),
        example=msgspec.to_builtins(example) if example else None,
        **more,
    )


def _result(job: Job, item: Item, votes: list[Vote], passes: list[Pass]) -> Result:
    if not item.text:
        return result_of(job, item, "erased", Decision())
    decision = decide(job.request.task, [vote.label for vote in votes])
    outcome: Outcome = "labelled" if decision.label is not None else "undecided"
    if any(each.flag for each in passes):
        outcome = "flagged"
    elif not votes:
        outcome = "unlabelled"
    elif len(votes) < job.request.votes:
        outcome = "partial"
    return result_of(job, item, outcome, decision, votes=votes, passes=passes)


def _votes(table: Table, job: Job) -> dict[int, list[Vote]]:
    found: dict[int, list[Vote]] = defaultdict(list)
    for number, worker, row in _of_people(table, job, "label"):
        label = msgspec.json.decode(str(row["label"]))
        found[number].append(Vote(worker=pseudonym(job, worker), label=label, at=int(row["at"])))
    return found


def _passes(table: Table, job: Job) -> dict[int, list[Pass]]:
    found: dict[int, list[Pass]] = defaultdict(list)
    for number, worker, row in _of_people(table, job, "pass"):
        passed = Pass(worker=pseudonym(job, worker), reason=str(row["reason"]), flag=bool(row["flag"]))
        found[number].append(passed)
    return found


def _of_people(table: Table, job: Job, kind: str) -> list[tuple[int, str, Row]]:
    rows = table.query(job.partition, f"{kind}#", f"{kind}#{LAST}")
    return [(int(number), worker, row) for row in rows for _, number, worker in [str(row["item"]).split("#", 2)]]


def pseudonym(job: Job, worker: str) -> str:
    """Return a name that tells people apart within one job; who it is, only the table's salt lets one find out."""
    return "w_" + hashlib.sha256(f"{job.salt}#{job.partition}#{worker}".encode()).hexdigest()[:12]
