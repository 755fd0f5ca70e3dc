"""Custom resources of an environment whose store is S3 Vectors, through the functions' own variables."""

from collections.abc import Iterator
from typing import Any

import pytest

from slipway_runtime import parts_of_stores, settings
from slipway_runtime.handlers import empty_vector_bucket, migrate_store
from slipway_runtime.operate.clients import client
from slipway_runtime.retrieve.stores.s3_vectors.store import S3VectorsStore
from support.s3_vectors import ServedVectors, served_s3_vectors
from support.store_values import pieces, soon, vectors, version

from .test_custom_resources import event, waiting  # noqa: F401 - the fixture

pytestmark = pytest.mark.capability("R4")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[ServedVectors]:
    with served_s3_vectors() as made:
        for name, value in {
            "AWS_ENDPOINT_URL": made.url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "STORE": "s3_vectors",
            "DOCUMENTS_TABLE": "documents",
            "VECTOR_BUCKET_NAME": made.bucket(),
            "TEXT_LANGUAGE": "de",
        }.items():
            monkeypatch.setenv(name, value)
        client.cache_clear()
        yield made
        client.cache_clear()


def arn_of_bucket() -> str:
    found = client("s3vectors").get_vector_bucket(vectorBucketName=settings.required("VECTOR_BUCKET_NAME"))
    return str(found["vectorBucket"]["vectorBucketArn"])


def test_migration_notes_the_dimensions_and_refuses_others(served, context, waiting) -> None:  # noqa: F811
    migrate_store.handler(event(waiting, "Create", Dimensions="8"), context)
    migrate_store.handler(event(waiting, "Update", "x", Dimensions="8"), context)
    migrate_store.handler(event(waiting, "Update", "x", Dimensions="16"), context)
    assert [answer["Status"] for answer in waiting.answers] == ["SUCCESS", "SUCCESS", "FAILED"]
    assert "has 8 dimensions, expected 16" in waiting.answers[-1]["Reason"]
    store = parts_of_stores.store()
    assert isinstance(store, S3VectorsStore)
    assert store.guards.kind.endswith(settings.required("VECTOR_BUCKET_NAME")), "another bucket has other guards"
    assert store.health(soon()).detail == "8 dimensions"


def test_the_language_reaches_the_tenants_index(served, context, waiting) -> None:  # noqa: F811
    migrate_store.handler(event(waiting, "Create", Dimensions="8"), context)
    served.store("any-bucket")  # makes the table
    assert parts_of_stores.store().replace(version("1"), pieces(1), vectors(1), soon())
    (index,) = client("s3vectors").list_indexes(vectorBucketArn=arn_of_bucket(), prefix="t-")["indexes"]
    shown = client("s3vectors").get_index(indexArn=index["indexArn"])["index"]["metadataConfiguration"]
    assert shown["textSearchConfigurations"] == [{"metadataKey": "content", "language": "de", "status": "ACTIVE"}]


@pytest.mark.parametrize("tags", [{}, {"slipway:empty-on-delete": "false"}])
def test_a_bucket_without_the_tag_keeps_its_indexes(served, context, waiting, tags) -> None:  # noqa: F811
    migrate_store.handler(event(waiting, "Create", Dimensions="8"), context)
    client("s3vectors").tag_resource(resourceArn=arn_of_bucket(), tags=tags)
    empty_vector_bucket.handler(event(waiting, "Delete", "x", VectorBucketArn=arn_of_bucket()), context)
    assert waiting.answers[-1]["Data"] == {"Removed": "0"}
    assert parts_of_stores.store().health(soon()).ok


def test_a_tagged_bucket_is_emptied_on_delete_only_and_may_be_gone(served, context, waiting) -> None:  # noqa: F811
    s3vectors: Any = client("s3vectors")
    bucket = arn_of_bucket()
    s3vectors.tag_resource(resourceArn=bucket, tags={"slipway:empty-on-delete": "true"})
    for number in range(3):
        settings_of: Any = {"dataType": "float32", "dimension": 2, "distanceMetric": "cosine"}
        s3vectors.create_index(vectorBucketArn=bucket, indexName=f"t-{number}", **settings_of)
    for kind in ("Create", "Update"):
        empty_vector_bucket.handler(event(waiting, kind, "x", VectorBucketArn=bucket), context)
    assert len(s3vectors.list_indexes(vectorBucketArn=bucket)["indexes"]) == 3
    empty_vector_bucket.handler(event(waiting, "Delete", "x", VectorBucketArn=bucket), context)
    assert waiting.answers[-1]["Data"] == {"Removed": "3"}
    s3vectors.delete_vector_bucket(vectorBucketArn=bucket)
    empty_vector_bucket.handler(event(waiting, "Delete", "x", VectorBucketArn=bucket), context)
    assert waiting.answers[-1]["Status"] == "SUCCESS"
