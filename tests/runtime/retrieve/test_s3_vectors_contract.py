"""The contract of stores on S3 Vectors, as the local cloud serves it over HTTP, with guards in DynamoDB."""

from collections.abc import Iterator

import pytest

from slipway_runtime.retrieve.stores.s3_vectors.store import S3VectorsStore
from support.s3_vectors import ServedVectors, served_s3_vectors
from support.store_contract import StoreContract
from support.store_values import DIMENSIONS, soon


@pytest.fixture(scope="module")
def served() -> Iterator[ServedVectors]:
    with served_s3_vectors() as made:
        yield made


@pytest.mark.capability("R4")
class TestS3Vectors(StoreContract):
    @pytest.fixture
    def store(self, served: ServedVectors) -> S3VectorsStore:
        made = served.store(served.bucket())
        made.migrate(DIMENSIONS, soon())
        return made
