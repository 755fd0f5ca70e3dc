"""Puts the vector stores together from the environment, as `parts` does with all others."""

from __future__ import annotations

from slipway_runtime import settings
from slipway_runtime.operate.clients import client
from slipway_runtime.retrieve.stores.contract import GenerationStore, VectorStore


def store(number: int = 1) -> VectorStore:
    """Return a generation of the vector store of this environment, of the kind that STORE names."""
    match settings.required("STORE"):
        case "aurora" | "opensearch" | "s3_vectors":
            return generation_store(number)
        case "kendra":
            return _kendra()
        case other:
            raise settings.MissingSetting(f"STORE is {other!r:.40}, expected a kind of store that this release has")


def generation_store(number: int) -> GenerationStore:
    """Return a generation, in a store that can have several. The first has the names of before there were others."""
    match settings.required("STORE"):
        case "aurora":
            return _aurora(number)
        case "opensearch":
            return _opensearch(number)
        case "s3_vectors":
            return _s3_vectors(number)
        case other:
            raise settings.MissingSetting(f"STORE is {other!r:.40}, which has one index and no generations of it")


def _aurora(number: int) -> GenerationStore:
    from slipway_runtime.retrieve.stores.aurora.data_api import DataApi  # noqa: PLC0415 - of the kinds one is loaded
    from slipway_runtime.retrieve.stores.aurora.store import AuroraStore  # noqa: PLC0415

    database = settings.database()
    api = DataApi(
        client=client("rds-data"),
        cluster_arn=database.cluster_arn,
        secret_arn=database.secret_arn,
        database=database.name,
    )
    return AuroraStore(api=api, generation=number, knowledge_base=settings.optional("KNOWLEDGE_BASE") == "true")


def _opensearch(number: int) -> GenerationStore:
    from slipway_runtime.retrieve.stores.guard import Guards  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.opensearch.client import Collection  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.opensearch.index import NAME, Hnsw  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.opensearch.store import OpenSearchStore  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.opensearch.writer import Writer  # noqa: PLC0415

    chosen, suffix = settings.opensearch(), "" if number == 1 else f"-g{number}"
    collection = Collection(endpoint=chosen.endpoint, region=chosen.region, index=f"{NAME}{suffix}")
    guards = Guards(client=client("dynamodb"), table=chosen.documents_table, kind=f"opensearch{suffix}")
    return OpenSearchStore(
        collection=collection,
        guards=guards,
        writer=Writer(collection=collection),
        hnsw=Hnsw(m=chosen.m, ef_construction=chosen.ef_construction),
    )


def _s3_vectors(number: int) -> GenerationStore:
    from slipway_runtime.retrieve.stores.guard import Guards  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.s3_vectors.service import VectorBucket  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.s3_vectors.store import S3VectorsStore  # noqa: PLC0415

    bucket, table = settings.required("VECTOR_BUCKET_NAME"), settings.required("DOCUMENTS_TABLE")
    prefix = "" if number == 1 else f"g{number}-"
    # Another bucket is another, empty store: its guards are its own.
    guards = Guards(client=client("dynamodb"), table=table, kind=f"s3_vectors#{prefix}{bucket}")
    vectors = VectorBucket(client=client("s3vectors"), name=bucket, prefix=prefix)
    return S3VectorsStore(bucket=vectors, guards=guards, text_language=settings.optional("TEXT_LANGUAGE") or None)


def _kendra() -> VectorStore:
    from slipway_runtime.retrieve.stores.guard import Guards  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.kendra.service import Index  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.kendra.store import KendraStore  # noqa: PLC0415

    index_id, table = settings.required("KENDRA_INDEX_ID"), settings.required("DOCUMENTS_TABLE")
    # Another index is another, empty store: its guards are its own.
    guards = Guards(client=client("dynamodb"), table=table, kind=f"kendra#{index_id}")
    attributes = tuple(name for name in settings.optional("KENDRA_ATTRIBUTES").split(",") if name)
    return KendraStore(index=Index(client=client("kendra"), index_id=index_id), guards=guards, attributes=attributes)
