"""The contract of stores on S3 Vectors, as the local cloud serves it over HTTP, with guards in DynamoDB."""

from collections.abc import Iterator
from typing import ClassVar

import pytest

from slipway_runtime.retrieve.stores.s3_vectors import rows
from slipway_runtime.retrieve.stores.s3_vectors.store import S3VectorsStore
from support.clearing_up import ClearingUp
from support.s3_vectors import ServedVectors, served_s3_vectors
from support.store_contract import StoreContract
from support.store_values import DIMENSIONS, soon


@pytest.fixture(scope="module")
def served() -> Iterator[ServedVectors]:
    with served_s3_vectors() as made:
        yield made


@pytest.mark.capability("R4")
class TestS3Vectors(ClearingUp, StoreContract):
    clearing: ClassVar[tuple[type, str]] = (S3VectorsStore, "_remove_before")

    def kept(self, store: S3VectorsStore) -> list[str]:
        found = store.bucket.list(rows.index_of("acme"), soon(), metadata=True)
        return [each["metadata"]["content"] for each in found]

    @pytest.fixture
    def store(self, served: ServedVectors) -> S3VectorsStore:
        made = served.store(served.bucket())
        made.migrate(DIMENSIONS, soon())
        return made
