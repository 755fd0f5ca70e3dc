"""Puts the parts together from the environment: the one place where settings, clients and classes meet."""

from slipway_runtime import settings
from slipway_runtime.operate.clients import client
from slipway_runtime.retrieve.embed import Embedder
from slipway_runtime.retrieve.stores.contract import VectorStore


def store() -> VectorStore:
    """Return the vector store of this environment, of the kind that STORE names."""
    match settings.required("STORE"):
        case "aurora":
            return _aurora()
        case "s3_vectors":
            return _s3_vectors()
        case other:
            raise settings.MissingSetting(f"STORE is {other!r:.40}, expected a kind of store that this release has")


def _aurora() -> VectorStore:
    from slipway_runtime.retrieve.stores.aurora.data_api import DataApi  # noqa: PLC0415 - of the kinds one is loaded
    from slipway_runtime.retrieve.stores.aurora.store import AuroraStore  # noqa: PLC0415

    database = settings.database()
    api = DataApi(
        client=client("rds-data"),
        cluster_arn=database.cluster_arn,
        secret_arn=database.secret_arn,
        database=database.name,
    )
    return AuroraStore(api=api)


def _s3_vectors() -> VectorStore:
    from slipway_runtime.retrieve.stores.guard import Guards  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.s3_vectors.service import VectorBucket  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.s3_vectors.store import S3VectorsStore  # noqa: PLC0415

    bucket, table = settings.required("VECTOR_BUCKET_NAME"), settings.required("DOCUMENTS_TABLE")
    # Another bucket is another, empty store: its guards are its own.
    guards = Guards(client=client("dynamodb"), table=table, kind=f"s3_vectors#{bucket}")
    vectors = VectorBucket(client=client("s3vectors"), name=bucket)
    return S3VectorsStore(bucket=vectors, guards=guards, text_language=settings.optional("TEXT_LANGUAGE"))


def embedder() -> Embedder:
    """Return the embedding model of this environment."""
    chosen = settings.embedding()
    return Embedder(client=client("bedrock-runtime"), model_id=chosen.model_id, dimensions=chosen.dimensions)
