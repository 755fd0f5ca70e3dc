"""Puts the parts together from the environment: the one place where settings, clients and classes meet."""

from slipway_runtime import settings
from slipway_runtime.operate.clients import client
from slipway_runtime.retrieve.embed import Embedder
from slipway_runtime.retrieve.stores.aurora.data_api import DataApi
from slipway_runtime.retrieve.stores.aurora.store import AuroraStore


def store() -> AuroraStore:
    """Return the vector store of this environment."""
    database = settings.database()
    api = DataApi(
        client=client("rds-data"),
        cluster_arn=database.cluster_arn,
        secret_arn=database.secret_arn,
        database=database.name,
    )
    return AuroraStore(api=api)


def embedder() -> Embedder:
    """Return the embedding model of this environment."""
    chosen = settings.embedding()
    return Embedder(client=client("bedrock-runtime"), model_id=chosen.model_id, dimensions=chosen.dimensions)
