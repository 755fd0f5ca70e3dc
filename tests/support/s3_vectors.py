"""S3 Vectors and DynamoDB on loopback, and the store between them."""

import contextlib
import functools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from slipway_local import tables
from slipway_local.aws import Place
from slipway_local.front_door import FrontDoor, Layer
from slipway_local.s3vectors import S3Vectors
from slipway_local.serving import serve
from slipway_runtime.operate.retry import Backoff
from slipway_runtime.retrieve.stores.guard import Guards
from slipway_runtime.retrieve.stores.s3_vectors.service import VectorBucket
from slipway_runtime.retrieve.stores.s3_vectors.store import S3VectorsStore


@functools.cache
def client(url: str, service: str, validate: bool) -> Any:
    session: Any = boto3.Session("test", "test", region_name="us-east-1")
    config = Config(retries={"total_max_attempts": 1}, parameter_validation=validate, max_pool_connections=16)
    return session.client(service, endpoint_url=url, config=config)


@dataclass(frozen=True)
class ServedVectors:
    """The service behind its address."""

    url: str
    app: S3Vectors

    def client(self, service: str, *, validate: bool = True) -> Any:
        return client(self.url, service, validate)

    def bucket(self) -> str:
        name = f"vectors-{uuid.uuid4().hex[:12]}"
        self.client("s3vectors").create_vector_bucket(vectorBucketName=name)
        return name

    def store(self, bucket: str, prefix: str = "") -> S3VectorsStore:
        dynamodb = self.client("dynamodb")
        guards = Guards(client=dynamodb, table=documents_table(dynamodb), kind=f"s3_vectors#{prefix}{bucket}")
        backoff = Backoff(base_seconds=0.01, cap_seconds=0.05)
        return S3VectorsStore(
            bucket=VectorBucket(client=self.client("s3vectors"), name=bucket, prefix=prefix, backoff=backoff),
            guards=guards,
        )


def documents_table(dynamodb: Any) -> str:
    """Return the name of the table with the guards, made if it is not there."""
    with contextlib.suppress(dynamodb.exceptions.ResourceInUseException):
        dynamodb.create_table(
            TableName="documents",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("document_id", "item")],
            KeySchema=[
                {"AttributeName": "document_id", "KeyType": "HASH"},
                {"AttributeName": "item", "KeyType": "RANGE"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
    return "documents"


@contextlib.contextmanager
def served_s3_vectors(*layers: Layer) -> Iterator[ServedVectors]:
    """Serve both; `layers` stand before them."""
    tables.install()
    app = S3Vectors(Place(endpoint_url=""))
    door = FrontDoor()
    for layer in layers:
        door.add_layer(layer)
    door.by_service["s3vectors"] = app
    with serve(door) as url:
        yield ServedVectors(url, app)
