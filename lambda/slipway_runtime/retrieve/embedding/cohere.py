"""Cohere Embed v3 and v4 on Bedrock: up to 96 texts a request, which says whether they are documents or questions.

The models cut what is too long at its end: `truncate` is END in version 3 and RIGHT in version 4.
Source: Amazon Bedrock user guide, "Cohere Embed v3" and "Cohere Embed v4".
"""

import math
from typing import Any

from slipway_runtime.retrieve.embedding.bedrock import BedrockModel
from slipway_runtime.retrieve.embedding.model import Embedded, Limits, Purpose

VERSION_3 = Limits(texts=96, request_bytes=400_000, characters=2_048, tokens=512)
# Of 128,000 tokens: more in one vector finds nothing, and 96 such texts would be more than a request may hold.
VERSION_4 = Limits(texts=96, request_bytes=2_000_000, characters=50_000, tokens=8_192)
INPUT_TYPES: dict[Purpose, str] = {"document": "search_document", "query": "search_query"}


class Cohere(BedrockModel):
    """Version 3 has 1,024 dimensions; version 4 has 256, 512, 1,024 or 1,536."""

    @property
    def is_version_4(self) -> bool:
        """Whether the model is of version 4."""
        return "embed-v4" in self.model_id

    @property
    def limits(self) -> Limits:
        """What one request takes."""
        return VERSION_4 if self.is_version_4 else VERSION_3

    def invoke(self, texts: list[str], purpose: Purpose) -> Embedded:
        """Return the texts' vectors, made of length 1. Raises: the errors of Bedrock."""
        request: dict[str, Any] = {
            "texts": texts,
            "input_type": INPUT_TYPES[purpose],
            "truncate": "RIGHT" if self.is_version_4 else "END",
            "embedding_types": ["float"],
        }
        if self.is_version_4:
            request["output_dimension"] = self.dimensions
        answer, counted = self.ask(request)
        found = answer["embeddings"]
        vectors = found["float"] if isinstance(found, dict) else found
        return Embedded(vectors=[_unit(vector) for vector in vectors], tokens=counted)


def _unit(vector: list[float]) -> list[float]:
    length = math.sqrt(math.fsum(number * number for number in vector))
    return [number / length for number in vector] if length else vector
