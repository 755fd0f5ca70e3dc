"""Puts the parts together from the environment: the one place where settings, clients and classes meet."""

from slipway_runtime import settings
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import measure_embedding_tokens
from slipway_runtime.retrieve.embed import Embedder
from slipway_runtime.retrieve.embedding.choose import bedrock_model
from slipway_runtime.retrieve.stores.contract import VectorStore


def store() -> VectorStore:
    """Return the vector store of this environment, of the kind that STORE names."""
    match settings.required("STORE"):
        case "aurora":
            return _aurora()
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


def embedder() -> Embedder:
    """Return the embedding model of this environment."""
    chosen, endpoint = settings.embedding(), settings.embedding_endpoint()
    if endpoint is None:
        model = bedrock_model(client("bedrock-runtime"), chosen.model_id, chosen.dimensions)
        return Embedder(model=model, meter=measure_embedding_tokens)
    from slipway_runtime.retrieve.embedding.endpoint import Endpoint, address, sagemaker  # noqa: PLC0415

    post = (
        address(endpoint.url) if endpoint.url else sagemaker(client("sagemaker-runtime"), endpoint.sagemaker_endpoint)
    )
    served = Endpoint(
        post=post,
        model_id=chosen.model_id,
        dimensions=chosen.dimensions,
        max_tokens=endpoint.max_tokens,
        batch=endpoint.max_batch_texts,
        tokenizer_name=endpoint.tokenizer,
        document_prefix=endpoint.document_prefix,
        query_prefix=endpoint.query_prefix,
    )
    return Embedder(model=served, meter=measure_embedding_tokens)
