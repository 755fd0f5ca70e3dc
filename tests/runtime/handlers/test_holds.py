"""Legal holds: what S3 keeps, what the API answers, and who said so.

Expectations of S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
"""

import json

import pytest
from botocore.exceptions import ClientError

from slipway_runtime import parts
from slipway_runtime.handlers import documents
from slipway_runtime.operate.holds import Hold
from slipway_runtime.prepare.keys import document_id

BUCKET, KEY = "raw-bucket", "acme/contracts/a.md"


@pytest.fixture
def holds(cloud, monkeypatch):
    monkeypatch.setenv("HOLDS_TABLE", "holds")
    return parts.holds()


def hold(prefix: str = "acme/contracts/", at: str = "2026-11-01T00:00:00Z", **ended: str) -> Hold:
    return Hold(prefix=prefix, reason="case 12", placed_by="arn:aws:iam::1:user/jo", placed_at=at, **ended)


def ended(prefix: str = "acme/contracts/") -> Hold:
    who = {"released_by": "arn:aws:iam::1:user/al", "released_because": "settled"}
    return hold(prefix, released_at="2026-12-01T00:00:00Z", **who)


def delete(context) -> tuple[int, dict]:
    event = {
        "httpMethod": "DELETE",
        "path": "/v1/documents/x",
        "pathParameters": {"id": document_id(KEY)},
        "requestContext": {"authorizer": {"tenant": "acme"}},
    }
    answer = documents.handler(event, context)
    return answer["statusCode"], json.loads(answer["body"])


def status(cloud, version: str) -> str:
    found = cloud.s3.get_object_legal_hold(Bucket=BUCKET, Key=KEY, VersionId=version)
    return found["LegalHold"]["Status"]


@pytest.mark.capability("D11")
def test_a_held_document_is_deleted_neither_by_the_api_nor_in_s3(cloud, context, holds) -> None:
    first = cloud.put(KEY, "Text one.")["detail"]["object"]["version-id"]
    cloud.ingest(cloud.put(KEY, "Text two."))
    assert holds.place(hold(), BUCKET) == 2

    code, body = delete(context)

    assert (code, body["error"]["code"]) == (409, "legal_hold")
    assert "since 2026-11-01T00:00:00Z" in body["error"]["message"]
    assert "slipway hold release" in body["error"]["message"]
    with pytest.raises(ClientError) as refused:
        cloud.s3.delete_object(Bucket=BUCKET, Key=KEY, VersionId=first)
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    one = {"Key": KEY, "VersionId": first}
    answer = cloud.s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [one]}, BypassGovernanceRetention=True)
    assert [error["Code"] for error in answer["Errors"]] == ["AccessDenied"]
    assert cloud.rows(KEY)
    assert len(cloud.s3.list_object_versions(Bucket=BUCKET)["Versions"]) == 2


@pytest.mark.capability("D11")
def test_what_comes_under_a_hold_is_kept_as_it_comes(cloud, context, holds) -> None:
    assert holds.place(hold(), BUCKET) == 0
    event = cloud.put(KEY, "Text.")
    assert cloud.ingest(event, cloud.put("acme/other.md", "Text.")) == []
    assert status(cloud, event["detail"]["object"]["version-id"]) == "ON"
    other = cloud.s3.head_object(Bucket=BUCKET, Key="acme/other.md")
    assert "ObjectLockLegalHoldStatus" not in other


@pytest.mark.capability("D11")
def test_a_released_document_can_be_deleted_and_one_under_another_hold_not(cloud, context, holds) -> None:
    event = cloud.put(KEY, "Text.")
    cloud.ingest(event)
    version = event["detail"]["object"]["version-id"]
    for prefix in ("acme/contracts/", "acme/contracts/a"):
        holds.place(hold(prefix), BUCKET)
    assert holds.release(ended(), BUCKET) == 0
    assert (status(cloud, version), delete(context)[0]) == ("ON", 409)
    assert holds.release(ended("acme/contracts/a"), BUCKET) == 1
    assert status(cloud, version) == "OFF"
    assert delete(context)[0] == 200


@pytest.mark.capability("D11")
def test_a_hold_that_somebody_set_in_s3_is_respected(cloud, context, holds) -> None:
    event = cloud.put(KEY, "Text.")
    cloud.ingest(event)
    holds.lock(BUCKET, KEY, event["detail"]["object"]["version-id"])
    code, body = delete(context)
    assert (code, body["error"]["code"]) == (409, "legal_hold")
    assert cloud.rows(KEY)


def test_who_when_and_why_stay_noted(cloud, holds) -> None:
    holds.place(hold(), BUCKET)
    holds.release(ended(), BUCKET)
    holds.place(hold(at="2027-01-01T00:00:00Z"), BUCKET)
    [now] = holds.list("acme")
    assert (now.active, now.placed_at) == (True, "2027-01-01T00:00:00Z")
    items = cloud.dynamodb.Table("holds").scan()["Items"]
    log = sorted(item["item"] for item in items if item["item"].startswith("log#"))
    assert [each.split("#")[1] for each in log] == [
        "2026-11-01T00:00:00Z",
        "2026-12-01T00:00:00Z",
        "2027-01-01T00:00:00Z",
    ]
    assert {item["released_because"] for item in items} == {"", "settled"}


def test_a_bucket_without_object_lock_refuses_holds(cloud, holds) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLegalHold.html: the bucket must have Object Lock."""
    cloud.s3.put_object(Bucket="curated-bucket", Key="a", Body=b"")
    version = cloud.s3.head_object(Bucket="curated-bucket", Key="a")["VersionId"]
    with pytest.raises(ClientError, match="InvalidRequest"):
        holds.lock("curated-bucket", "a", version)


@pytest.mark.capability("D11")
def test_an_archived_original_is_no_reason_to_forget_what_was_made_of_it(cloud, monkeypatch) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html: 403 InvalidObjectState until restored."""
    from slipway_runtime.handlers import ingest_document

    event = cloud.put(KEY, "Text one.")
    cloud.ingest(event)
    cloud.s3.copy_object(
        Bucket=BUCKET, Key="acme/cold.md", CopySource={"Bucket": BUCKET, "Key": KEY}, StorageClass="GLACIER"
    )
    head = cloud.s3.head_object(Bucket=BUCKET, Key="acme/cold.md")
    named = {"key": "acme/cold.md", "size": 9, "etag": head["ETag"].strip('"'), "version-id": head["VersionId"]}
    assert cloud.ingest(cloud.event("Object Created", named)) == []
    [note] = cloud.rejects()
    assert (note["code"], "aws s3api restore-object" in note["reason"]) == ("archived", True)

    cloud.s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"Text one.", StorageClass="GLACIER")
    cold = cloud.s3.head_object(Bucket=BUCKET, Key=KEY)["VersionId"]
    event["detail"]["object"]["version-id"] = cold
    cloud.dynamodb.Table("documents").update_item(
        Key={"document_id": document_id(KEY), "item": "current"},
        UpdateExpression="SET version_id = :cold",
        ExpressionAttributeValues={":cold": cold},
    )
    monkeypatch.setenv("CHUNK_MAX_CHARACTERS", "700")
    ingest_document._lifecycle.cache_clear()
    assert cloud.ingest(event) == []
    assert cloud.rows(KEY)
    assert cloud.lineage(KEY)["status"] == "indexed"
