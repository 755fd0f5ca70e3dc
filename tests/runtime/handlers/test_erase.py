"""Runs of erasure: what goes, what stays, and what the report says.

Expectations of S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
"""

import json

import boto3
import pytest

from slipway_runtime.handlers import erase
from slipway_runtime.operate import erasing, shards
from slipway_runtime.operate.lineage import Lineage
from slipway_runtime.operate.objects import Objects
from support.erasing import ARTIFACTS, CURATED, KEYS, SET, A, B, C, call, delete, line, run, versions

PERMANENTLY = {"deletion-type": "Permanently Deleted"}


@pytest.mark.capability("D11")
def test_lines_go_from_every_shard_and_version_and_the_report_says_so(ingested, context) -> None:
    s3 = ingested.s3
    shards.put_shard(s3, ARTIFACTS, SET, [line(A, q="old")])
    assert shards.put_shard(s3, ARTIFACTS, SET, [line(A, q=1), line(B, C, q=2), line(A, B, q=3), line(C, q=4)]) == 4
    shards.put_shard(s3, CURATED, "corpus/source=acme/part.jsonl", [line(A), line(B)], ids=[A, B])
    s3.put_object(Bucket=ARTIFACTS, Key="labelling/job/results.jsonl", Body=line(A) + line(C).rstrip())
    answer = delete(context, A)
    assert answer["removed"] == {"objects": 1, "curated": 1, "chunks": 1}
    assert answer["pending"] == ["examples"]
    waiting = call(context, "GET", A)
    assert (waiting["status"], waiting["title"], waiting["deletion"]["pending"]) == ("deleted", "", ["examples"])

    done = run(context)

    assert (done["documents"], done["objects"], done["lines"]) == (1, 3, 4)
    assert versions(ingested, ARTIFACTS, SET) == [line(B, C, q=2) + line(C, q=4)]
    assert versions(ingested, CURATED, "corpus/source=acme/part.jsonl") == [line(B)]
    assert versions(ingested, ARTIFACTS, "labelling/job/results.jsonl") == [line(C).rstrip()]
    [index] = versions(ingested, CURATED, "index/corpus/source=acme/part.jsonl")[:1]
    assert index == f"{B}\n".encode()
    report = call(context, "GET", A)["deletion"]
    assert report["removed"] == {"objects": 1, "curated": 1, "chunks": 1, "examples": 4}
    assert report["erased_at"].endswith("Z")
    assert "pending" not in report
    [notes] = versions(ingested, ARTIFACTS, "datasets/faq/1/_erasures.jsonl")[:1]
    entries = [json.loads(each) for each in notes.splitlines()]
    assert [(each["object"], each["lines"], each["versions"]) for each in entries] == [
        ("train.jsonl", 2, 0),
        ("train.jsonl", 0, 1),
    ]
    assert A not in notes.decode()


@pytest.mark.capability("D11")
def test_a_run_does_nothing_where_nothing_is_left(ingested, context) -> None:
    shards.put_shard(ingested.s3, ARTIFACTS, SET, [line(A), line(B)])
    delete(context, A)
    run(context)
    before = ingested.s3.list_object_versions(Bucket=ARTIFACTS)["Versions"]
    ingested.dynamodb.Table("documents").update_item(
        Key={"document_id": A, "item": "erasure"},
        UpdateExpression="SET due = requested_at",
    )
    assert run(context)["objects"] == 0
    assert ingested.s3.list_object_versions(Bucket=ARTIFACTS)["Versions"] == before


@pytest.mark.capability("D11")
def test_an_index_that_is_behind_is_not_believed_and_made_anew(ingested, context) -> None:
    s3 = ingested.s3
    shards.put_shard(s3, ARTIFACTS, SET, [line(B)])
    s3.put_object(Bucket=ARTIFACTS, Key=SET, Body=line(A) + line(B))
    untouched = "datasets/faq/1/test.jsonl"
    s3.put_object(Bucket=ARTIFACTS, Key=untouched, Body=line(C))
    delete(context, A)
    run(context)
    assert versions(ingested, ARTIFACTS, SET) == [line(B), line(B)]  # the older one never held a line of A
    etag = s3.head_object(Bucket=ARTIFACTS, Key=untouched)["ETag"]
    assert list(shards.read_index(s3, ARTIFACTS, untouched, etag) or []) == [C]
    assert shards.read_index(s3, ARTIFACTS, untouched, '"other"') is None


@pytest.mark.capability("D11")
def test_a_shard_in_the_way_fails_the_run_spares_no_other_and_is_tried_again(ingested, context, logged) -> None:
    s3 = ingested.s3
    broken = s3.put_object(Bucket=ARTIFACTS, Key="datasets/faq/1/a.jsonl", Body=line(B) + b"secret words\n")
    shards.put_shard(s3, ARTIFACTS, SET, [line(A), line(B)])
    delete(context, A)
    with pytest.raises(erasing.ErasureIncomplete, match="1 shards could not be erased"):
        run(context)
    assert versions(ingested, ARTIFACTS, SET) == [line(B)]
    assert "erased_at" not in call(context, "GET", A)["deletion"]
    assert "UnreadableShard" in logged()
    assert "secret" not in logged()
    s3.put_object(Bucket=ARTIFACTS, Key="datasets/faq/1/a.jsonl", Body=line(B))
    s3.delete_object(Bucket=ARTIFACTS, Key="datasets/faq/1/a.jsonl", VersionId=broken["VersionId"])
    assert run(context)["documents"] == 1
    assert call(context, "GET", A)["deletion"]["removed"]["examples"] == 1


@pytest.mark.capability("D11")
def test_a_run_that_has_no_time_left_goes_on_where_it_stopped(ingested, context) -> None:
    for number in range(3):
        shards.put_shard(ingested.s3, ARTIFACTS, f"datasets/faq/{number}/train.jsonl", [line(A), line(B)])
    delete(context, A)
    context.seconds = 300
    first = erase.handler({}, context)
    assert (first["ids"], first["place"], first["lines"], first["done"]) == ([A], 1, 0, False)
    assert first["is_late"]
    context.seconds = 900
    rest = erase.handler({**first, "after": "datasets/faq/0/train.jsonl"}, context)
    assert (rest["lines"], rest["documents"]) == (2, 1)


@pytest.mark.capability("D11")
def test_expiry_by_a_lifecycle_rule_removes_the_document_everywhere(ingested, context) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html: S3 puts a
    delete marker; https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html: reason "Lifecycle Expiration".
    """
    shards.put_shard(ingested.s3, ARTIFACTS, SET, [line(A), line(B)])
    event = ingested.delete(KEYS[0])
    event["detail"]["reason"] = "Lifecycle Expiration"
    assert ingested.ingest(event) == []
    run(context)
    assert ingested.rows(KEYS[0]) == []
    assert ingested.curated_versions(KEYS[0]) == []
    assert versions(ingested, ARTIFACTS, SET) == [line(B)]
    assert call(context, "GET", A)["deletion"]["removed"] == {"chunks": 1, "curated": 1, "examples": 1}


@pytest.mark.capability("D10")
@pytest.mark.capability("D11")
def test_the_history_of_a_deleted_document_stays_without_its_words(ingested, context) -> None:
    delete(context, A)
    run(context)
    items = ingested.dynamodb.Table("documents").query(
        KeyConditionExpression="document_id = :id", ExpressionAttributeValues={":id": A}
    )["Items"]
    assert len(items) == 3
    assert "Title" not in str(items)


@pytest.mark.capability("D10")
def test_each_version_stays_in_the_history_once_with_what_became_of_it(ingested, context) -> None:
    """What S3 tells of the versions that a deletion removed adds nothing to what the deletion noted."""
    ingested.ingest(ingested.put(KEYS[0], "A second text."))
    rows = ingested.s3.list_object_versions(Bucket="raw-bucket", Prefix=KEYS[0])["Versions"]
    newest, oldest = (row["VersionId"] for row in rows)
    delete(context, A)
    for version in (oldest, newest):
        entry = {"key": KEYS[0], "version-id": version}
        assert ingested.ingest(ingested.event("Object Deleted", entry, PERMANENTLY)) == []

    lineage = Lineage(client=boto3.client("dynamodb"), documents_table="documents", rejects_table="")
    first, second = lineage.history.of(A)

    assert (first.version_id, first.status, first.chunks, first.deleted_at) == (oldest, "indexed", 1, "")
    assert (second.version_id, second.status, second.chunks) == (newest, "indexed", 1)
    assert second.sha256 != first.sha256
    assert second.deleted_at.endswith("Z")
    current = lineage.current(A)
    assert current
    assert (current.status, current.chunks, current.counts, current.title) == ("deleted", 0, {}, "")

    ingested.ingest(ingested.put(KEYS[0], "A third text."))
    assert [bool(each.deleted_at) for each in lineage.history.of(A)] == [False, True, False]


@pytest.mark.capability("D11")
def test_what_a_deletion_took_is_in_its_report_also_where_the_event_was_quicker(ingested, context, monkeypatch) -> None:
    remove = Objects.remove_all_versions

    def and_the_event(self, bucket, key):
        removed = remove(self, bucket, key)
        ingested.ingest(ingested.event("Object Deleted", {"key": key, "version-id": "gone"}, PERMANENTLY))
        return removed

    monkeypatch.setattr(Objects, "remove_all_versions", and_the_event)
    assert delete(context, A)["removed"] == {"objects": 1, "curated": 0, "chunks": 0}
    assert call(context, "GET", A)["deletion"]["removed"] == {"objects": 1, "curated": 1, "chunks": 1}
