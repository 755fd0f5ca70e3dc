"""The online index of duplicates against moto's DynamoDB in this process.

DynamoDB serves each request on its own, and a transaction as one
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html, "Isolation levels"); moto does
not promise that to threads, so requests are let in one at a time.
"""

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3

from slipway_local import tables
from slipway_runtime.operate.retry import Backoff, Deadline
from slipway_runtime.prepare.duplicates.entries import Document
from slipway_runtime.prepare.duplicates.index import Duplicates
from slipway_runtime.prepare.duplicates.settings import NearDuplicates
from slipway_runtime.prepare.duplicates.table import Table

TABLE = "duplicates"


class OneAtATime:
    """A client whose requests do not overlap; `before` is called with each operation's name."""

    def __init__(self, client: Any) -> None:
        self._client, self._lock = client, threading.RLock()
        self.exceptions = client.exceptions
        self.before: Callable[[str], None] = lambda operation: None
        self.calls: list[str] = []

    def get_paginator(self, operation: str) -> Any:
        return self._client.get_paginator(operation)

    def __getattr__(self, operation: str) -> Any:
        def call(**request: Any) -> Any:
            self.before(operation)
            with self._lock:
                self.calls.append(operation)
                return getattr(self._client, operation)(**request)

        return call


def all_have_read(writers: int) -> Callable[[str], None]:
    """Holds each thread's first write until every thread has come to its own."""
    together, seen = threading.Barrier(writers), threading.local()

    def before(operation: str) -> None:
        if operation == "transact_write_items" and not getattr(seen, "waited", False):
            seen.waited = True
            together.wait(20)

    return before


@dataclass
class World:
    """The index, and the curated texts that it verifies against."""

    client: OneAtATime
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    ttl_days: int | None = None
    settings: NearDuplicates = field(default_factory=lambda: NearDuplicates(enabled=True, min_documents=1000))

    @property
    def index(self) -> Duplicates:
        table = Table(client=self.client, name=TABLE, backoff=Backoff(base_seconds=0.001, cap_seconds=0.01))
        return Duplicates(table=table, curated_text=lambda *key: self.texts.get(key), ttl_days=self.ttl_days)

    def claim(self, name: str, text: str, version: int = 1, *, tenant: str = "acme", source: str = "") -> Any:
        self.texts[tenant, f"doc_{name}"] = text
        document = Document(
            tenant=tenant, source=f"{tenant}/{source}", document_id=f"doc_{name}", sequencer=f"{version:032}", text=text
        )
        return self.index.claim(document, self.settings, Deadline.after(20))

    def release(self, name: str, version: int = 999, *, tenant: str = "acme") -> tuple[str, ...]:
        self.texts.pop((tenant, f"doc_{name}"), None)
        return self.index.release(tenant, f"doc_{name}", f"{version:032}", Deadline.after(20))

    def items(self) -> list[dict[str, Any]]:
        """What the table knows of documents, without the counts of sources."""
        return [item for item in self._scan() if not item["subject"]["S"].startswith("source#")]

    def tally(self, source: str = "acme/") -> tuple[int, int]:
        """How many documents the source has and how many of them are left out."""
        rows = [item for item in self._scan() if item["subject"]["S"] == f"source#{source}" and "documents" in item]
        return sum(int(row["documents"]["N"]) for row in rows), sum(int(row["duplicates"]["N"]) for row in rows)

    def held(self, source: str = "acme/") -> set[str]:
        """The documents that wait for a person."""
        rows = [item for item in self._scan() if item["subject"]["S"] == f"source#{source}"]
        return {row["item"]["S"].removeprefix("held#") for row in rows if row["item"]["S"].startswith("held#")}

    def _scan(self) -> list[dict[str, Any]]:
        return self.client._client.scan(TableName=TABLE)["Items"]


@functools.cache
def quick_transactions() -> None:
    """Once a process: moto alone copies the table for each write of a transaction."""
    tables.install()


def make_table() -> None:
    """Create the duplicates table as the foundation does."""
    boto3.client("dynamodb", region_name="us-east-1").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "subject", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("subject", "item")],
        BillingMode="PAY_PER_REQUEST",
    )


def new_world() -> World:
    make_table()
    return World(OneAtATime(boto3.client("dynamodb", region_name="us-east-1")))
