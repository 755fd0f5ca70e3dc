"""Custom resources always answer CloudFormation, also when they fail, under a stable physical id."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from slipway_local.serving import serve
from slipway_runtime import parts
from slipway_runtime.handlers import empty_bucket, migrate_store


@dataclass
class ResponseUrl:
    """Where CloudFormation waits for the answer."""

    url: str = ""
    answers: list[dict[str, Any]] = field(default_factory=list)
    methods: list[tuple[str, str]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.answers.append(json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))))
        self.methods.append((environ["REQUEST_METHOD"], environ.get("CONTENT_TYPE", "")))
        status = self.statuses.pop(0) if self.statuses else 200
        start_response(f"{status} answer", [("content-length", "0")])
        return [b""]


@pytest.fixture
def waiting() -> Iterator[ResponseUrl]:
    app = ResponseUrl()
    with serve(app) as url:
        app.url = f"{url}/response?signature=abc"
        yield app


def event(waiting: ResponseUrl, kind: str, physical: str = "", **properties: Any) -> dict[str, Any]:
    request = {
        "RequestType": kind,
        "ResponseURL": waiting.url,
        "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/s/1",
        "RequestId": "request-1",
        "LogicalResourceId": "Migration1A2B",
        "ResourceType": "Custom::VectorStoreMigration",
        "ResourceProperties": {"ServiceToken": "arn", **properties},
    }
    return request | ({"PhysicalResourceId": physical} if physical else {})


@pytest.mark.capability("R1")
def test_migration_answers_success_with_a_stable_id(cloud, context, waiting) -> None:
    cloud.data_api.execute("DROP SCHEMA slipway CASCADE")
    migrate_store.handler(event(waiting, "Create", Dimensions="64", SchemaVersion="1"), context)
    [answer] = waiting.answers
    assert waiting.methods == [("PUT", "")]
    assert answer["Status"] == "SUCCESS"
    assert answer["PhysicalResourceId"] == "vector-store-Migration1A2B"
    assert (answer["RequestId"], answer["LogicalResourceId"]) == ("request-1", "Migration1A2B")
    assert answer["StackId"].endswith("stack/s/1")
    assert cloud.data_api.execute("SELECT count(*) FROM slipway.chunks") == [(0,)]
    update = event(waiting, "Update", "vector-store-Migration1A2B", Dimensions="64", SchemaVersion="2")
    migrate_store.handler(update, context)
    assert waiting.answers[1]["PhysicalResourceId"] == "vector-store-Migration1A2B"


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"Dimensions": "512"}, "has 256 dimensions, expected 512"),
        ({"Dimensions": "many"}, "Dimensions is 'many'"),
        ({"Dimensions": "5000"}, "1 to 1024"),
        ({}, "Dimensions"),
    ],
)
def test_a_failed_migration_says_why(cloud, context, waiting, properties, reason: str) -> None:
    migrate_store.handler(event(waiting, "Update", "vector-store-x", **properties), context)
    [answer] = waiting.answers
    assert answer["Status"] == "FAILED"
    assert reason in answer["Reason"]
    assert answer["PhysicalResourceId"] == "vector-store-x"
    assert len(json.dumps(answer)) < 4_096


def test_a_database_that_does_not_wake_is_answered_before_the_time_is_up(
    cloud, context, waiting, served_data_api
) -> None:
    served_data_api.pause(0.5)
    context.seconds = 15.1
    migrate_store.handler(event(waiting, "Create", Dimensions="256"), context)
    assert waiting.answers[0]["Status"] == "FAILED"
    assert "DatabaseResumingException" in waiting.answers[0]["Reason"]


def test_deleting_the_migration_leaves_the_data(cloud, context, waiting) -> None:
    migrate_store.handler(event(waiting, "Delete", "vector-store-x"), context)
    assert waiting.answers[0]["Status"] == "SUCCESS"
    assert cloud.data_api.execute("SELECT count(*) FROM slipway.chunks") == [(0,)]


def test_a_busy_response_url_is_tried_again(cloud, context, waiting) -> None:
    waiting.statuses = [503]
    empty_bucket.handler(event(waiting, "Create", BucketName="raw-bucket"), context)
    assert len(waiting.answers) == 2


@pytest.mark.parametrize(
    "tags", [None, [{"Key": "slipway:empty-on-delete", "Value": "false"}], [{"Key": "other", "Value": "true"}]]
)
def test_a_bucket_without_the_tag_keeps_its_documents(cloud, context, waiting, tags) -> None:
    cloud.put("acme/a.md", "one")
    if tags:
        cloud.s3.put_bucket_tagging(Bucket="raw-bucket", Tagging={"TagSet": tags})
    empty_bucket.handler(event(waiting, "Delete", "empty-bucket-x", BucketName="raw-bucket"), context)
    [answer] = waiting.answers
    assert (answer["Status"], answer["Data"]) == ("SUCCESS", {"Removed": "0"})
    assert len(cloud.s3.list_object_versions(Bucket="raw-bucket")["Versions"]) == 1


def test_a_tagged_bucket_is_emptied_of_versions_and_markers_on_delete_only(cloud, context, waiting) -> None:
    tag = {"Key": "slipway:empty-on-delete", "Value": "true"}
    cloud.s3.put_bucket_tagging(Bucket="raw-bucket", Tagging={"TagSet": [tag]})
    for index in range(3):
        cloud.put(f"acme/{index}.md", "one")
        cloud.put(f"acme/{index}.md", "two")
    cloud.delete("acme/0.md")
    for kind in ("Create", "Update"):
        empty_bucket.handler(event(waiting, kind, "empty-bucket-x", BucketName="raw-bucket"), context)
    assert len(cloud.s3.list_object_versions(Bucket="raw-bucket")["Versions"]) == 6
    empty_bucket.handler(event(waiting, "Delete", "empty-bucket-x", BucketName="raw-bucket"), context)
    assert waiting.answers[-1]["Data"] == {"Removed": "7"}
    left = cloud.s3.list_object_versions(Bucket="raw-bucket")
    assert not left.get("Versions")
    assert not left.get("DeleteMarkers")
    cloud.s3.delete_bucket(Bucket="raw-bucket")
    empty_bucket.handler(event(waiting, "Delete", "empty-bucket-x", BucketName="raw-bucket"), context)
    assert waiting.answers[-1]["Status"] == "SUCCESS"
    cloud.s3.create_bucket(Bucket="raw-bucket")


@pytest.mark.capability("R7")
def test_the_first_migration_notes_its_generation_and_one_without_its_model_is_refused(
    cloud, context, waiting, monkeypatch
) -> None:
    """A deployment that takes away the model that questions are embedded by must fail before its readers lose it."""
    monkeypatch.setenv("GENERATIONS_TABLE", "documents")
    migrate_store.handler(event(waiting, "Create", Dimensions="256"), context)
    found = parts.generations()
    assert found is not None
    assert (found.active.number, found.active.dimensions, found.active.chunks) == (1, 256, "600-80")
    migrate_store.handler(event(waiting, "Update", Dimensions="256"), context)
    assert parts.generations() == found

    monkeypatch.setenv("EMBEDDING_MODEL_ID", "cohere.embed-v4:0")
    migrate_store.handler(event(waiting, "Update", Dimensions="256"), context)
    monkeypatch.setenv("EMBEDDING_NEXT", '{"model_id": "amazon.titan-embed-text-v2:0", "dimensions": 256}')
    migrate_store.handler(event(waiting, "Update", Dimensions="256"), context)

    assert [answer["Status"] for answer in waiting.answers] == ["SUCCESS", "SUCCESS", "FAILED", "SUCCESS"]
    assert "the index is of amazon.titan-embed-text-v2:0 with 256 dimensions" in waiting.answers[2]["Reason"]
