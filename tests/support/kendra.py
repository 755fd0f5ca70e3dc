"""Kendra and DynamoDB on loopback, and the store between them."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from slipway_local import tables
from slipway_local.aws import Place
from slipway_local.front_door import FrontDoor, Layer
from slipway_local.kendra import Kendra
from slipway_local.serving import serve
from slipway_runtime.operate.retry import Backoff
from slipway_runtime.retrieve.stores.guard import Guards
from slipway_runtime.retrieve.stores.kendra.service import Index
from slipway_runtime.retrieve.stores.kendra.store import KendraStore
from support.s3_vectors import client, documents_table

ROLE = "arn:aws:iam::123456789012:role/kendra"
INDEXING_SECONDS = 0.03


@dataclass(frozen=True)
class ServedKendra:
    """The service behind its address."""

    url: str
    app: Kendra

    def client(self, service: str, *, validate: bool = True) -> Any:
        return client(self.url, service, validate)

    @contextlib.contextmanager
    def index(self) -> Iterator[str]:
        kendra = self.client("kendra")
        made: str = kendra.create_index(Name="docs", Edition="DEVELOPER_EDITION", RoleArn=ROLE)["Id"]
        yield made
        kendra.delete_index(Id=made)

    def store(self, index_id: str, *attributes: str, poll_seconds: float = 0.01) -> KendraStore:
        dynamodb = self.client("dynamodb")
        guards = Guards(client=dynamodb, table=documents_table(dynamodb), kind=f"kendra#{index_id}")
        backoff = Backoff(base_seconds=0.01, cap_seconds=0.05)
        index = Index(client=self.client("kendra"), index_id=index_id, backoff=backoff, poll_seconds=poll_seconds)
        return KendraStore(index=index, guards=guards, attributes=attributes)


@contextlib.contextmanager
def served_kendra(*layers: Layer, indexing_seconds: float = INDEXING_SECONDS) -> Iterator[ServedKendra]:
    """Serve both; `layers` stand before them."""
    tables.install()
    app = Kendra(Place(endpoint_url=""), indexing_seconds)
    door = FrontDoor()
    for layer in layers:
        door.add_layer(layer)
    door.by_service["kendra"] = app
    with serve(door) as url:
        yield ServedKendra(url, app)
