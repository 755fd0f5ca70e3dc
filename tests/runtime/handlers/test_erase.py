"""Erasure of deleted documents from shards: what goes, what stays, and what happens beside it.

Expectations of S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
"""

import json

import pytest
from botocore.exceptions import ClientError

from slipway_runtime.handlers import documents, erase
from slipway_runtime.operate import erasing, erasure_requests, shards
from slipway_runtime.operate.erasure import Erasure, Overtaken
from slipway_runtime.operate.objects import Objects
from slipway_runtime.prepare.keys import document_id

ARTIFACTS, CURATED = "artifacts-bucket", "curated-bucket"
KEYS = ("acme/a.md", "acme/b.md", "acme/c.md")
A, B, C = map(document_id, KEYS)
PERMANENTLY = {"deletion-type": "Permanently Deleted"}
SET = "datasets/faq/1/train.jsonl"


def line(*ids: str, **more: object) -> bytes:
    names = {"document_id": ids[0]} if len(ids) == 1 else {"documents": list(ids)}
    return json.dumps({**names, **more}).encode() + b"\n"


def versions(cloud, bucket: str, key: str) -> list[bytes]:
    found = cloud.s3.list_object_versions(Bucket=bucket, Prefix=key)
    assert "DeleteMarkers" not in found
    return [
        cloud.s3.get_object(Bucket=bucket, Key=key, VersionId=entry["VersionId"])["Body"].read()
        for entry in found.get("Versions", [])
        if entry["Key"] == key
    ]


def run(context) -> dict[str, int]:
    """Run until it is done, as the state machine does."""
    step: dict = {}
    for _ in range(50):
        step = erase.handler(step, context)
        if step["done"]:
            return step
    raise AssertionError("the run does not end")


def delete(context, identifier: str) -> dict:
    return call(context, "DELETE", identifier)


def call(context, method: str, identifier: str) -> dict:
    event = {
        "httpMethod": method,
        "path": f"/v1/documents/{identifier}",
        "pathParameters": {"id": identifier},
        "requestContext": {"authorizer": {"tenant": "acme"}},
    }
    answer = documents.handler(event, context)
    return {"status_code": answer["statusCode"], **json.loads(answer["body"])}


@pytest.fixture
def context(context):
    context.seconds = 900
    return context


@pytest.fixture
def ingested(cloud):
    assert cloud.ingest(*(cloud.put(key, f"# Title of {key}\n\nText of {key}.") for key in KEYS)) == []
    return cloud


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
    [notes] = versions(ingested, ARTIFACTS, "datasets/faq/1/erasures.jsonl")[:1]
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
def test_a_document_that_came_again_is_not_erased_by_its_old_deletion(ingested, context) -> None:
    shards.put_shard(ingested.s3, ARTIFACTS, SET, [line(A), line(B)])
    delete(context, A)
    ingested.ingest(ingested.put(KEYS[0], "It is there again."))
    assert run(context)["documents"] == 0
    assert versions(ingested, ARTIFACTS, SET) == [line(A) + line(B)]
    assert call(context, "GET", A)["status"] == "indexed"
    assert ingested.lineage(KEYS[0], "erasure") == {}


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
def test_a_writer_beside_the_erasure_loses_nothing(ingested, monkeypatch) -> None:
    s3 = ingested.s3
    shards.put_shard(s3, ARTIFACTS, SET, [line(A), line(B)])
    rewrite = Erasure._rewrite

    def overtaken(self, key, version):
        monkeypatch.setattr(Erasure, "_rewrite", rewrite)
        shards.put_shard(s3, ARTIFACTS, SET, [line(A), line(B), line(C)])
        return rewrite(self, key, version)

    monkeypatch.setattr(Erasure, "_rewrite", overtaken)
    erasure = Erasure(client=s3, bucket=ARTIFACTS, ids=frozenset([A]), now=lambda: "2026-11-01T00:00:00Z")
    assert erasure.erase(SET).removed_lines == 1
    assert versions(ingested, ARTIFACTS, SET) == [line(B) + line(C)]


def test_who_is_overtaken_every_time_gives_up_and_says_so(ingested, monkeypatch) -> None:
    s3 = ingested.s3
    shards.put_shard(s3, ARTIFACTS, SET, [line(A), line(B)])
    rewrite = Erasure._rewrite

    def overtaken(self, key, version):
        shards.put_shard(s3, ARTIFACTS, SET, [line(A), line(B, n=version["VersionId"])])
        return rewrite(self, key, version)

    monkeypatch.setattr(Erasure, "_rewrite", overtaken)
    erasure = Erasure(client=s3, bucket=ARTIFACTS, ids=frozenset([A]), now=lambda: "2026-11-01T00:00:00Z")
    with pytest.raises(Overtaken, match="was written by others 5 times"):
        erasure.erase(SET)


@pytest.mark.capability("D11")
def test_large_shards_are_written_in_parts_and_never_held(ingested, monkeypatch) -> None:
    """Parts of 5 MiB and more: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""
    s3, pad = ingested.s3, "x" * 1_000_000
    monkeypatch.setattr(shards, "PART_BYTES", 5 << 20)
    lines = [line(A if number % 4 == 0 else B, number=number, pad=pad) for number in range(24)]
    shards.put_shard(s3, ARTIFACTS, SET, iter(lines))
    assert s3.head_object(Bucket=ARTIFACTS, Key=SET)["ETag"].strip('"').endswith("-4")
    erasure = Erasure(client=s3, bucket=ARTIFACTS, ids=frozenset([A]), now=lambda: "2026-11-01T00:00:00Z")
    erased = erasure.erase(SET)
    assert (erased.lines, erased.versions) == ({A: 6}, 0)
    assert versions(ingested, ARTIFACTS, SET) == [b"".join(each for each in lines if A.encode() not in each)]
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=ARTIFACTS)


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
    context.seconds = 900
    rest = erase.handler({**first, "after": "datasets/faq/0/train.jsonl"}, context)
    assert (rest["lines"], rest["documents"]) == (2, 1)


@pytest.mark.capability("D11")
def test_a_deletion_that_was_stopped_between_writing_and_removing_versions_is_finished(ingested, monkeypatch) -> None:
    s3 = ingested.s3
    shards.put_shard(s3, ARTIFACTS, SET, [line(A), line(B)])
    erasure = Erasure(client=s3, bucket=ARTIFACTS, ids=frozenset([A]), now=lambda: "2026-11-01T00:00:00Z")
    note = Erasure._note
    monkeypatch.setattr(Erasure, "_note", lambda *_: (_ for _ in ()).throw(ConnectionError("stopped here")))
    with pytest.raises(ConnectionError):
        erasure.erase(SET)
    assert len(versions(ingested, ARTIFACTS, SET)) == 2
    monkeypatch.setattr(Erasure, "_note", note)
    assert erasure.erase(SET).versions == 1
    assert versions(ingested, ARTIFACTS, SET) == [line(B)]


@pytest.mark.capability("D11")
def test_old_versions_behind_a_delete_marker_go_too(ingested) -> None:
    s3 = ingested.s3
    shards.put_shard(s3, ARTIFACTS, SET, [line(A), line(B)])
    s3.delete_object(Bucket=ARTIFACTS, Key=SET)
    erasure = Erasure(client=s3, bucket=ARTIFACTS, ids=frozenset([A]), now=lambda: "2026-11-01T00:00:00Z")
    assert erasure.erase(SET).versions == 1
    with pytest.raises(ClientError, match=r"does not exist"):
        s3.get_object(Bucket=ARTIFACTS, Key=SET)


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
