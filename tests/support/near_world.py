"""The function that ingests, with its queue and the index of duplicates, against moto in this process."""

import json
from typing import Any

import boto3
import pytest

from slipway_runtime.handlers import ingest_document
from support.duplicates import make_table, quick_transactions


class World:
    """The function with its queue: what it sends there is delivered until nothing is left."""

    def __init__(self, cloud: Any, queue_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cloud, self.queue_url, self.monkeypatch = cloud, queue_url, monkeypatch
        self.sqs = boto3.client("sqs")

    def say(self, **settings: Any) -> None:
        self.monkeypatch.setenv("NEAR_DUPLICATES", json.dumps(settings))
        ingest_document._lifecycle.cache_clear()

    def waiting(self) -> list[str]:
        answer = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in answer.get("Messages", [])]

    def ingest(self, *events: Any) -> None:
        assert self.cloud.ingest(*events) == []
        for _ in range(10):
            if not (bodies := self.waiting()):
                return
            assert self.cloud.ingest(*bodies) == []
        raise AssertionError("the queue does not come to rest")

    def put(self, key: str, content: str) -> dict[str, Any]:
        event: dict[str, Any] = self.cloud.put(key, content)
        self.ingest(event)
        return event

    def status(self, key: str) -> str:
        found: str = self.cloud.lineage(key).get("status", "")
        return found

    def kept(self, *keys: str) -> list[str]:
        """Those of the documents that are searchable; lineage, store and curated bucket must agree."""
        found = [key for key in keys if self.status(key) == "indexed"]
        assert [key for key in keys if self.cloud.rows(key)] == found
        assert [key for key in keys if self.cloud.curated(key)] == found
        return found


def near_world(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    """Return a world where every source is searched for duplicates."""
    quick_transactions()
    make_table()
    queue_url = boto3.client("sqs").create_queue(QueueName="work")["QueueUrl"]
    monkeypatch.setenv("DUPLICATES_TABLE", "duplicates")
    monkeypatch.setenv("QUEUE_URL", queue_url)
    world = World(cloud, queue_url, monkeypatch)
    world.say(default={"enabled": True, "min_documents": 1000})
    return world
