"""What a test of the functions sees of their surroundings, and the tables that they find."""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from slipway_local.bedrock import BedrockRuntime
from slipway_local.faults import Faults
from slipway_runtime.handlers import ingest_document
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.keys import document_id
from slipway_runtime.retrieve.stores.aurora import schema
from slipway_runtime.retrieve.stores.aurora.data_api import DataApi
from slipway_runtime.retrieve.stores.aurora.store import AuroraStore

BUCKET = "raw-bucket"
CURATED = "curated-bucket"
ARTIFACTS = "artifacts-bucket"


@dataclass
class Context:
    """What Lambda passes beside the event."""

    seconds: float = 60
    function_name: str = "test"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:test"
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


class CountingBedrock(BedrockRuntime):
    """The local Bedrock, which also counts its calls."""

    calls = 0

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.calls += 1
        return super().__call__(environ, start_response)


@dataclass
class Cloud:
    """What a test sees of the surroundings."""

    s3: Any
    dynamodb: Any
    data_api: Any
    bedrock: CountingBedrock
    faults: Faults
    sequence: Any = field(default_factory=lambda: itertools.count(1))

    def throttle(self, operation: str, times: int | None = None) -> None:
        """Let Bedrock refuse an operation's next calls, or all of them until `faults.clear()`."""
        fault = {"operation": f"bedrock-runtime.{operation}", "error": "ThrottlingException", "times": times}
        self.faults.add(fault)

    def put(self, key: str, data: bytes | str) -> dict[str, Any]:
        """Write an object and return its event."""
        body = data.encode() if isinstance(data, str) else data
        answer = self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        entry = {"key": key, "size": len(body), "etag": answer["ETag"].strip('"'), "version-id": answer["VersionId"]}
        return self.event("Object Created", entry)

    def delete(self, key: str) -> dict[str, Any]:
        """Put a delete marker and return its event."""
        answer = self.s3.delete_object(Bucket=BUCKET, Key=key)
        entry = {"key": key, "version-id": answer["VersionId"]}
        return self.event("Object Deleted", entry, {"deletion-type": "Delete Marker Created"})

    def purge(self, key: str, version: str) -> dict[str, Any]:
        """Remove one version for good and return its event."""
        self.s3.delete_object(Bucket=BUCKET, Key=key, VersionId=version)
        entry = {"key": key, "version-id": version}
        return self.event("Object Deleted", entry, {"deletion-type": "Permanently Deleted"})

    def event(self, kind: str, entry: dict[str, Any], extra: dict[str, Any] | None = None) -> dict[str, Any]:
        number = next(self.sequence)
        detail = {"version": "0", "bucket": {"name": BUCKET}, "object": {**entry, "sequencer": f"{number:018X}"}}
        time = f"2026-11-01T00:00:{number:02}Z"
        return {"source": "aws.s3", "detail-type": kind, "time": time, "detail": {**detail, **(extra or {})}}

    def ingest(self, *events: dict[str, Any] | str, seconds: float = 60) -> list[str]:
        """Deliver the events as one batch and return the message ids that come back, "0", "1" …"""
        bodies = [event if isinstance(event, str) else json.dumps(event) for event in events]
        records = [{"messageId": str(index), "body": body, "attributes": {}} for index, body in enumerate(bodies)]
        answer = ingest_document.handler({"Records": records}, Context(seconds))
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def rows(self, key: str) -> list[tuple[Any, ...]]:
        """The document's chunks: id, content, version, heading, rules."""
        sql = (
            "SELECT chunk_id, content, source_version, heading, rules FROM slipway.chunks "
            "WHERE document_id = :id ORDER BY chunk_id"
        )
        return self.data_api.execute(sql, {"id": document_id(key)})

    def lineage(self, key: str, item: str = "current") -> dict[str, Any]:
        found = self.dynamodb.Table("documents").get_item(Key={"document_id": document_id(key), "item": item})
        return found.get("Item", {})

    def curated(self, key: str) -> dict[str, Any] | None:
        """The document's curated line, or None."""
        name = f"curated/{key.split('/', maxsplit=1)[0]}/{document_id(key)}.json"
        if not self.curated_versions(key):
            return None
        return json.loads(self.s3.get_object(Bucket=CURATED, Key=name)["Body"].read())

    def curated_versions(self, key: str) -> list[str]:
        name = f"curated/{key.split('/', maxsplit=1)[0]}/{document_id(key)}.json"
        found = self.s3.list_object_versions(Bucket=CURATED, Prefix=name)
        assert "DeleteMarkers" not in found
        return [entry["VersionId"] for entry in found.get("Versions", [])]

    def rejects(self) -> list[dict[str, Any]]:
        return self.dynamodb.Table("rejects").scan()["Items"]


def make_tables(dynamodb: Any) -> None:
    def table(name: str, keys: list[str], **more: Any) -> None:
        names = {
            *keys,
            *(key["AttributeName"] for index in more.get("GlobalSecondaryIndexes", []) for key in index["KeySchema"]),
        }
        dynamodb.create_table(
            TableName=name,
            KeySchema=_schema(keys),
            AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in sorted(names)],
            BillingMode="PAY_PER_REQUEST",
            **more,
        )

    index = {
        "IndexName": "by-tenant",
        "KeySchema": _schema(["tenant", "path"]),
        "Projection": {"ProjectionType": "ALL"},
    }
    pending = {
        "IndexName": "pending-erasures",
        "KeySchema": _schema(["erasure", "due"]),
        "Projection": {"ProjectionType": "ALL"},
    }
    table("documents", ["document_id", "item"], GlobalSecondaryIndexes=[index, pending])
    table("holds", ["tenant", "item"])
    table("rejects", ["document_id", "rejected_at"])


def empty_store(data_api: DataApi) -> None:
    """The schema for 256 dimensions; other tests use the same database with other ones."""
    if data_api.execute(schema.DIMENSIONS) != [(256,)]:
        data_api.execute("DROP SCHEMA IF EXISTS slipway CASCADE")
        AuroraStore(api=data_api).migrate(256, Deadline.after(30))
    data_api.execute("TRUNCATE slipway.chunks, slipway.documents")


def _schema(keys: list[str]) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(keys, ("HASH", "RANGE"), strict=True)]
