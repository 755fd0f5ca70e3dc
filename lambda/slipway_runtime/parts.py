"""Puts the parts together from the environment: the one place where settings, clients and classes meet."""

import os

from slipway_runtime import settings
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.holds import Holds
from slipway_runtime.retrieve.embed import Embedder
from slipway_runtime.retrieve.stores.aurora import AuroraStore
from slipway_runtime.retrieve.stores.data_api import DataApi


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


def holds() -> Holds | None:
    """Return the legal holds of this environment, None where the settings leave them out."""
    table = os.environ.get("HOLDS_TABLE")
    return Holds(dynamodb=client("dynamodb"), s3=client("s3"), table=table) if table else None


def embedder() -> Embedder:
    """Return the embedding model of this environment."""
    chosen = settings.embedding()
    return Embedder(client=client("bedrock-runtime"), model_id=chosen.model_id, dimensions=chosen.dimensions)
