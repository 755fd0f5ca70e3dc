"""Generations of the S3 Vectors store, each with indexes of its own names in one vector bucket of the local cloud."""

from collections.abc import Iterator

import pytest

from support.generation_contract import Generation, GenerationContract
from support.s3_vectors import ServedVectors, served_s3_vectors


@pytest.fixture(scope="module")
def served() -> Iterator[ServedVectors]:
    with served_s3_vectors() as made:
        yield made


class TestS3VectorsGenerations(GenerationContract):
    @pytest.fixture
    def generation(self, served: ServedVectors) -> Generation:
        bucket = served.bucket()
        return lambda number: served.store(bucket, "" if number == 1 else f"g{number}-")
