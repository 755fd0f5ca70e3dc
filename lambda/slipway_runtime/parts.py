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
        case "opensearch":
            return _opensearch()
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


def _opensearch() -> VectorStore:
    from slipway_runtime.retrieve.stores.guard import Guards  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.opensearch.client import Collection  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.opensearch.index import Hnsw  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.opensearch.store import OpenSearchStore  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.opensearch.writer import Writer  # noqa: PLC0415

    chosen = settings.opensearch()
    collection = Collection(endpoint=chosen.endpoint, region=chosen.region)
    guards = Guards(client=client("dynamodb"), table=chosen.documents_table, kind="opensearch")
    return OpenSearchStore(
        collection=collection,
        guards=guards,
        writer=Writer(collection=collection),
        hnsw=Hnsw(m=chosen.m, ef_construction=chosen.ef_construction),
    )


def embedder() -> Embedder:
    """Return the embedding model of this environment."""
    chosen = settings.embedding()
    return Embedder(client=client("bedrock-runtime"), model_id=chosen.model_id, dimensions=chosen.dimensions)
