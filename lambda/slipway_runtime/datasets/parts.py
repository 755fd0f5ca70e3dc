"""Puts a build together from the environment of its functions."""

from slipway_runtime import settings
from slipway_runtime.datasets.bucket import Bucket
from slipway_runtime.datasets.work import Work
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.lineage import Lineage


def artifacts() -> Bucket:
    """Return the bucket of examples, evaluation sets and datasets."""
    return Bucket(client=client("s3"), name=settings.required("ARTIFACTS_BUCKET"))


def curated() -> Bucket:
    """Return the bucket of curated documents."""
    return Bucket(client=client("s3"), name=settings.required("CURATED_BUCKET"))


def lineage() -> Lineage:
    """Return the documents table, which a build only reads."""
    return Lineage(
        client=client("dynamodb"), documents_table=settings.required("DOCUMENTS_TABLE"), rejects_table="not written"
    )


def work(run_id: str) -> Work:
    """Return the folder of a build."""
    return Work(bucket=artifacts(), run_id=run_id)
