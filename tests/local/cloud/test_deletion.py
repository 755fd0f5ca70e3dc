"""A deleted document is nowhere any more: the dev environment with its permissions enforced, driven by the command.

Versions stay behind what is overwritten or deleted until each is removed by its id:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slipway_cli.target import Target, find_target
from slipway_runtime.operate.shards import put_shard
from slipway_runtime.prepare.keys import document_id
from support.command import Slipway
from support.waiting import wait_for
from support.words import places_of

pytestmark = pytest.mark.slow

MARKER = "zanzibarquokka"
A, B = document_id("default/notes/a.md"), document_id("default/notes/b.md")
SHARDS = {
    ("artifacts", "datasets/faq/1/train.jsonl"): "documents",
    ("artifacts", "augmented/pairs/1.jsonl"): "documents",
    ("artifacts", "labelling/job-1/results.jsonl"): "document_id",
    ("curated", "corpus/source=default/date=2026-11-01/run=r1/part.jsonl"): "document_id",
}


@pytest.fixture(scope="module")
def slipway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slipway]:
    command = Slipway(tmp_path_factory.mktemp("deletion-home"))
    assert command.json("local", "up", "--enforce-iam")["enforce_iam"] is True
    yield command
    command.run("local", "down")


@pytest.fixture(scope="module")
def target(slipway: Slipway) -> Target:
    return find_target(slipway.project, "dev", aws=False)


@pytest.fixture(scope="module")
def filled(slipway: Slipway, target: Target, tmp_path_factory: pytest.TempPathFactory) -> Slipway:
    """Two documents, the first in two versions, and four shards of both, one of them written twice."""
    folder: Path = tmp_path_factory.mktemp("documents") / "notes"
    folder.mkdir()
    (folder / "b.md").write_text("# Lamps\n\nA lamp burns forty hours.\n")
    for subject in ("boils two litres", "boils three litres"):
        (folder / "a.md").write_text(f"# The {MARKER}\n\nThe {MARKER} {subject}.\n")
        assert slipway.json("ingest", folder)["rejected"] == []
    s3 = target.client("s3")
    for (bucket, key), field in SHARDS.items():
        for text in ("old", "new"):
            lines = [
                json.dumps({field: [each] if field == "documents" else each, "text": f"{word} {text}"}).encode() + b"\n"
                for each, word in ((A, MARKER), (B, "lamp"))
            ]
            put_shard(s3, target.parameter(f"foundation/{bucket}-bucket-name"), key, lines)
    return slipway


@pytest.mark.capability("D10")
def test_lineage_says_what_was_made_of_a_document(filled: Slipway) -> None:
    shown = filled.json("documents", "show", A)

    assert (shown["status"], shown["chunks"], len(shown["versions"])) == ("indexed", 1, 2)
    assert all("rules-" in version["rules"] for version in shown["versions"])
    assert {place.split("/", 3)[3] for place in shown["used_in"]} == {key for _, key in SHARDS}
    assert "used in s3://" in filled.run("documents", "show", A).stdout


@pytest.mark.capability("D11")
def test_after_a_deletion_no_bucket_table_or_database_holds_its_words(filled: Slipway, target: Target) -> None:
    assert len(places_of(target, MARKER)) > 10
    lamps = [place for place in places_of(target, "lamp") if MARKER not in place]

    deleted = filled.json("documents", "delete", A)

    # The events of the objects' removal are at work beside it, and may have taken the rest: the report adds all up.
    assert deleted["removed"]["objects"] == 2
    assert deleted["pending"] == ["examples"]
    queue = target.client("sqs")
    waiting = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def settled() -> bool:
        url = target.parameter("ingestion/queue-url")
        found = queue.get_queue_attributes(QueueUrl=url, AttributeNames=waiting)["Attributes"]
        return not any(map(int, found.values()))

    assert wait_for(settled, seconds=120)
    erased = filled.json("erase")
    assert (erased["documents"], erased["objects"], erased["lines"]) == (1, 4, 4)
    assert places_of(target, MARKER) == []
    assert "lamp new" in str(_shard(target, "artifacts", "datasets/faq/1/train.jsonl"))
    assert len(lamps) > len(places_of(target, "lamp")) > 4

    shown = filled.json("documents", "show", A)
    assert (shown["status"], shown["used_in"]) == ("deleted", [])
    assert [version["status"] for version in shown["versions"]] == ["indexed", "indexed"]
    assert [bool(version["deleted_at"]) for version in shown["versions"]] == [False, True]
    removed = shown["deletion"]["removed"]
    assert (removed["objects"], removed["chunks"], removed["examples"]) == (2, 1, 4)
    assert removed["curated"] >= 2  # both may have seen the same version
    assert shown["deletion"]["erased_at"]
    assert filled.json("erase") == {"documents": 0, "objects": 0, "lines": 0}


def _shard(target: Target, bucket: str, key: str) -> Any:
    name = target.parameter(f"foundation/{bucket}-bucket-name")
    return target.client("s3").get_object(Bucket=name, Key=key)["Body"].read()


@pytest.mark.capability("D11")
def test_expiry_by_a_lifecycle_rule_removes_the_document(filled: Slipway, target: Target) -> None:
    """The event that S3 sends then, given to the queue: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html"""
    bucket, key = target.parameter("foundation/raw-bucket-name"), "default/notes/b.md"
    marker = {"version": "0", "bucket": {"name": bucket}, "reason": "Lifecycle Expiration"}
    named = {"key": key, "sequencer": "FFFFFFFFFFFFFFFFFF", "version-id": "expired"}
    event = {
        "detail-type": "Object Deleted",
        "source": "aws.s3",
        "time": "2027-11-01T00:00:00Z",
        "detail": {**marker, "object": named, "deletion-type": "Delete Marker Created"},
    }
    target.client("sqs").send_message(QueueUrl=target.parameter("ingestion/queue-url"), MessageBody=json.dumps(event))
    assert wait_for(lambda: filled.json("documents", "show", B)["status"] == "deleted", seconds=60)
    assert filled.json("erase")["lines"] == 4
    assert filled.json("documents", "--status", "indexed") == []


@pytest.mark.capability("D11")
def test_the_permissions_are_enough_and_no_more(filled: Slipway) -> None:
    roles = filled.json("local", "permissions")["roles"]
    assert {one["role"]: one["denied"] for one in roles if one["denied"]} == {}
    (erase,) = [one for one in roles if "-EraseRole" in one["role"]]
    # Each resource counts for itself, and in the other folders there was nothing.
    filled_folders = ("corpus/", "datasets/", "augmented/", "labelling/")
    folders = [one for one in erase["unused"] if one["action"].startswith("s3:")]
    unused = {one["action"] for one in folders if one["resource"].rstrip("*").endswith(filled_folders)}
    assert unused <= {"s3:AbortMultipartUpload", "s3:ListBucket"}
    # Answers made of a document are removed in test_deletion_everywhere and test_erasure_of_users.
    elsewhere = [
        one
        for one in erase["unused"]
        if not any(name in one["resource"] for name in ("Cache", "Conversations", "Meters"))
    ]
    others = {one["action"] for one in elsewhere if not one["action"].startswith(("s3:", "logs:"))}
    # Where a deleted document came again, and where people had labelled it.
    assert others <= {"dynamodb:DeleteItem", "dynamodb:Query"}


def test_the_nightly_run_is_scheduled(filled: Slipway, target: Target) -> None:
    scheduler = target.client("scheduler")
    (schedule,) = scheduler.list_schedules()["Schedules"]
    found = scheduler.get_schedule(Name=schedule["Name"])
    assert found["ScheduleExpression"] == "cron(0 3 * * ? *)"
    assert found["Target"]["Arn"] == target.parameter("deletion/state-machine-arn")
