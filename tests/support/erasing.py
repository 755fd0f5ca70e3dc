"""Documents, shards of them, and runs of erasure in this process."""

import json
from typing import Any

from slipway_runtime.handlers import documents, erase
from slipway_runtime.prepare.keys import document_id

ARTIFACTS, CURATED = "artifacts-bucket", "curated-bucket"
KEYS = ("acme/a.md", "acme/b.md", "acme/c.md")
A, B, C = map(document_id, KEYS)
SET = "datasets/faq/1/train.jsonl"


def line(*ids: str, **more: object) -> bytes:
    """Return a line that names these documents."""
    names = {"document_id": ids[0]} if len(ids) == 1 else {"documents": list(ids)}
    return json.dumps({**names, **more}).encode() + b"\n"


def versions(cloud: Any, bucket: str, key: str) -> list[bytes]:
    """Return what each version of an object holds, the newest first; there is no delete marker."""
    found = cloud.s3.list_object_versions(Bucket=bucket, Prefix=key)
    assert "DeleteMarkers" not in found
    return [
        cloud.s3.get_object(Bucket=bucket, Key=key, VersionId=entry["VersionId"])["Body"].read()
        for entry in found.get("Versions", [])
        if entry["Key"] == key
    ]


def run(context: Any, **given: Any) -> dict[str, Any]:
    """Run until it is done, as the state machine does."""
    step = given
    for _ in range(50):
        step = erase.handler(step, context)
        if step["done"]:
            return step
    raise AssertionError("the run does not end")


def delete(context: Any, identifier: str) -> dict[str, Any]:
    """Delete a document by the API."""
    return call(context, "DELETE", identifier)


def call(context: Any, method: str, identifier: str) -> dict[str, Any]:
    """Return the API's answer about a document."""
    event = {
        "httpMethod": method,
        "path": f"/v1/documents/{identifier}",
        "pathParameters": {"id": identifier},
        "requestContext": {"authorizer": {"tenant": "acme"}},
    }
    answer = documents.handler(event, context)
    return {"status_code": answer["statusCode"], **json.loads(answer["body"])}
