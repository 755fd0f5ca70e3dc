"""Erasure where a document comes again, where jobs are at work beside it, and the pass that ends it."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from slipway_runtime.labelling.items import Item
from slipway_runtime.operate import erasure_requests, shards
from slipway_runtime.prepare.augment.outcome import Outcome
from support.erasing import ARTIFACTS, KEYS, SET, A, B, call, delete, line, run, versions

OUTCOME = f"augmentation-runs/acme/first/documents/{A}.json"
WORK = "datasets-work/failed-1/0/examples.jsonl"


@pytest.mark.capability("D11")
def test_of_a_document_that_came_again_the_lines_of_before_go(ingested, context) -> None:
    old = ingested.lineage(KEYS[0])["version_id"]
    delete(context, A)
    ingested.ingest(ingested.put(KEYS[0], "It is there again."))
    new = ingested.lineage(KEYS[0])["version_id"]
    lines = {
        "old": line(A, source_version=old),
        "new": line(A, source_version=new),
        "both": line(B, A, source_versions=["b", old]),
        "later": line(B, A, source_versions=["b", new]),
        "unknown": line(A),
        "other": line(B),
    }
    shards.put_shard(ingested.s3, ARTIFACTS, SET, lines.values())

    assert run(context)["lines"] == 2

    kept = b"".join(lines[name] for name in ("new", "later", "unknown", "other"))
    assert versions(ingested, ARTIFACTS, SET) == [kept]
    assert call(context, "GET", A)["status"] == "indexed"
    assert run(context, confirm=True)["documents"] == 1
    assert ingested.lineage(KEYS[0], "erasure") == {}


@pytest.mark.capability("D11")
def test_a_document_that_came_again_and_went_again_is_erased_whole(ingested, context) -> None:
    delete(context, A)
    ingested.ingest(ingested.put(KEYS[0], "It is there again."))
    new = ingested.lineage(KEYS[0])["version_id"]
    shards.put_shard(ingested.s3, ARTIFACTS, SET, [line(A, source_version=new), line(A), line(B)])
    delete(context, A)

    assert run(context)["lines"] == 2
    assert versions(ingested, ARTIFACTS, SET) == [line(B)]


@pytest.mark.capability("D11")
def test_a_title_of_the_new_document_stays_in_its_history(ingested, context) -> None:
    delete(context, A)
    ingested.ingest(ingested.put(KEYS[0], "# Another title\n\nIt is there again."))
    run(context)
    items = ingested.dynamodb.Table("documents").query(
        KeyConditionExpression="document_id = :id", ExpressionAttributeValues={":id": A}
    )["Items"]

    assert "Title of" not in str(items)
    assert str(items).count("Another title") == 2


@pytest.mark.capability("D11")
def test_the_second_pass_finds_what_a_job_wrote_after_the_first(ingested, context, monkeypatch) -> None:
    delete(context, A)
    run(context)
    assert call(context, "GET", A)["deletion"]["erased_at"]
    shards.put_shard(ingested.s3, ARTIFACTS, SET, [line(A), line(B)])
    assert run(context)["documents"] == 0
    monkeypatch.setattr(erasure_requests, "CONFIRM_AFTER", erasure_requests.CONFIRM_AFTER * 0)
    later = ingested.dynamodb.Table("documents")
    later.update_item(Key={"document_id": A, "item": "erasure"}, UpdateExpression="SET due = requested_at")
    assert run(context)["documents"] == 1
    assert versions(ingested, ARTIFACTS, SET) == [line(B)]
    report = call(context, "GET", A)["deletion"]
    assert report["confirmed_at"] >= report["erased_at"]
    assert "erasure" not in ingested.lineage(KEYS[0], "erasure")


@pytest.mark.capability("D11")
def test_who_knows_that_no_job_runs_needs_no_second_pass(ingested, context) -> None:
    shards.put_shard(ingested.s3, ARTIFACTS, SET, [line(A), line(B)])
    delete(context, A)

    assert run(context, confirm=True)["lines"] == 1

    report = call(context, "GET", A)["deletion"]
    assert report["confirmed_at"] == report["erased_at"]
    assert "erasure" not in ingested.lineage(KEYS[0], "erasure")
    assert run(context, confirm=True)["documents"] == 0


@pytest.mark.capability("D11")
def test_what_was_asked_about_a_document_goes_whole(ingested, context) -> None:
    other = OUTCOME.replace(A, B)
    for key, identifier in ((OUTCOME, A), (OUTCOME, A), (other, B)):
        outcome = Outcome(document_id=identifier, key=KEYS[0], source_version="v", made_by="m")
        ingested.s3.put_object(Bucket=ARTIFACTS, Key=key, Body=outcome.line())
    delete(context, A)

    assert run(context)["objects"] == 1

    assert versions(ingested, ARTIFACTS, OUTCOME) == []
    assert len(versions(ingested, ARTIFACTS, other)) == 1


@pytest.mark.capability("D11")
def test_work_of_a_run_is_left_alone_while_the_run_may_go_on(ingested, context, monkeypatch) -> None:
    """Whose run fails and is started again then reads nothing of the document any more."""
    whole = line(A, source_version="v") + line(B)
    ingested.s3.put_object(Bucket=ARTIFACTS, Key=WORK, Body=whole)
    ingested.s3.put_object(Bucket=ARTIFACTS, Key=WORK.replace("/0/", "/1/"), Body=line(B))
    delete(context, A)

    run(context)
    assert versions(ingested, ARTIFACTS, WORK) == [whole]

    tomorrow = (datetime.now(UTC) + timedelta(hours=25)).isoformat(timespec="seconds")
    monkeypatch.setattr("slipway_runtime.handlers.erase.now", lambda: tomorrow)
    run(context)
    assert versions(ingested, ARTIFACTS, WORK) == []
    assert len(versions(ingested, ARTIFACTS, WORK.replace("/0/", "/1/"))) == 1
    assert call(context, "GET", A)["deletion"]["confirmed_at"] == tomorrow


@pytest.mark.capability("D11")
def test_items_of_labelling_jobs_keep_their_places(ingested, context) -> None:
    key = "labelling/job/items.jsonl"
    items = [Item(number=number, text=f"text {number}", document_id=each) for number, each in ((1, A), (2, B))]
    shards.put_shard(ingested.s3, ARTIFACTS, key, [item.line() for item in items])
    given = b"{broken\n" + line(A, text="x") + line(B, text="y")
    ingested.s3.put_object(Bucket=ARTIFACTS, Key="labelling/job/input.jsonl", Body=given)
    delete(context, A)

    assert run(context)["lines"] == 2

    [left] = versions(ingested, ARTIFACTS, key)
    blank = b" " * (len(items[0].line()) - 1) + b"\n"
    assert left == blank + items[1].line()
    assert msgspec.json.decode(left.splitlines()[1], type=Item) == items[1]
    assert versions(ingested, ARTIFACTS, "labelling/job/input.jsonl") == [b"{broken\n" + line(B, text="y")]
