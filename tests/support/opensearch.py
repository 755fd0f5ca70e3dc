"""A collection of the local OpenSearch Serverless over HTTP, with a real DynamoDB table for the guards beside it."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from slipway_local.aws import Place
from slipway_local.front_door import FrontDoor
from slipway_local.opensearch import OpenSearch
from slipway_local.serving import serve
from slipway_local.signature import signature_of
from slipway_runtime.operate.retry import Backoff
from slipway_runtime.retrieve.stores.guard import Guards
from slipway_runtime.retrieve.stores.opensearch.client import Collection
from slipway_runtime.retrieve.stores.opensearch.store import OpenSearchStore
from slipway_runtime.retrieve.stores.opensearch.writer import Writer

TABLE = "documents"
REGION = "us-east-1"
NAME = "test-chunks"


@dataclass(frozen=True)
class LocalOpenSearch:
    """The service and where it is."""

    service: OpenSearch
    endpoint_url: str

    def client(self, name: str, **credentials: str) -> Any:
        keys = credentials or {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        make: Any = boto3.client
        config = Config(retries={"total_max_attempts": 1}, max_pool_connections=16)
        return make(name, endpoint_url=self.endpoint_url, region_name=REGION, config=config, **keys)

    def collection(self, name: str = "") -> dict[str, Any]:
        """Make a collection and return what the service says of it."""
        chosen = name or f"c{uuid.uuid4().hex[:20]}"
        client = self.client("opensearchserverless")
        policy = f'{{"Rules":[{{"ResourceType":"collection","Resource":["collection/{chosen}"]}}],"AWSOwnedKey":true}}'
        client.create_security_policy(type="encryption", name=chosen, policy=policy)
        made = client.create_collection(name=chosen, type="VECTORSEARCH")["createCollectionDetail"]
        return dict(client.batch_get_collection(ids=[made["id"]])["collectionDetails"][0])

    def store(self, **other: Any) -> OpenSearchStore:
        """Return a store on a new collection, without its index."""
        backoff = Backoff(base_seconds=0.01, cap_seconds=0.05, max_attempts=200)
        collection = Collection(endpoint=self.collection()["collectionEndpoint"], region=REGION, backoff=backoff)
        guards = Guards(client=self.client("dynamodb"), table=TABLE, kind=uuid.uuid4().hex)
        writer = Writer(collection=collection, poll_seconds=0.02)
        return OpenSearchStore(collection=collection, guards=guards, writer=writer, backoff=backoff, **other)


@contextmanager
def local_opensearch() -> Iterator[LocalOpenSearch]:
    """Serve OpenSearch Serverless and DynamoDB on one port. The variables of the environment name the credentials."""
    front_door = FrontDoor()
    lock = threading.Lock()

    def one_at_a_time(environ: dict[str, Any], start_response: Any, service: Any) -> Any:
        # moto's DynamoDB is not safe for several threads, which the local cloud's tables.py sees to.
        signature = signature_of(environ)
        if signature is None or signature.service != "dynamodb":
            return service(environ, start_response)
        with lock:
            return list(service(environ, start_response))

    front_door.add_layer(one_at_a_time)
    with serve(front_door) as endpoint_url:
        service = OpenSearch(Place(endpoint_url=endpoint_url, region=REGION))
        front_door.by_service["aoss"] = service
        local = LocalOpenSearch(service, endpoint_url)
        dynamodb = local.client("dynamodb")
        if TABLE not in dynamodb.list_tables()["TableNames"]:
            _make_table(dynamodb)
        yield local
        dynamodb.delete_table(TableName=TABLE)


def _make_table(dynamodb: Any) -> None:
    keys = (("document_id", "HASH"), ("item", "RANGE"))
    dynamodb.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        BillingMode="PAY_PER_REQUEST",
    )
