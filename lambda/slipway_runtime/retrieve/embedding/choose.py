"""Which model an id names."""

from typing import Any

from slipway_runtime.retrieve.embedding.cohere import Cohere
from slipway_runtime.retrieve.embedding.model import EmbeddingModel
from slipway_runtime.retrieve.embedding.titan import Titan


def bedrock_model(client: Any, model_id: str, dimensions: int) -> EmbeddingModel:
    """Return the model of Bedrock with this id, which may be an inference profile's (`eu.cohere.embed-v4:0`)."""
    family = Cohere if "cohere." in model_id else Titan
    return family(client=client, model_id=model_id, dimensions=dimensions)
