"""Rerank of the agents' runtime, by words and meaning: half the cosine, half the question's words weighed by rarity.

No rerank model runs here: the order is sensible, its scores are not those of Amazon's or Cohere's models.
Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Rerank.html
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..aws_json import JsonObject, ServiceError, validation_error
from .sentences import stems

if TYPE_CHECKING:
    from .embedder import Embedder

RERANK_MODELS = ("amazon.rerank-v1:0", "cohere.rerank-v3-5:0")
_MOST, _MOST_CHARACTERS = 1_000, 32_000


def rerank(embedder: Embedder, request: JsonObject) -> JsonObject:
    """Return the sources by relevance, descending. Raises: ServiceError for what Bedrock refuses, and for JSON
    documents and paging, which are not emulated."""
    if "nextToken" in request:
        raise validation_error("The local Bedrock gives the results of Rerank in one page and no nextToken.")
    query = _query(request)
    texts = [_text(source, f"sources.{index}") for index, source in enumerate(_listed(request, "sources", _MOST))]
    config = _config(request)
    count = config.get("numberOfResults", len(texts))
    if count > len(texts):
        raise validation_error(f"numberOfResults is {count}, but there are only {len(texts)} sources.")
    scores = _scores(embedder, query, texts)
    order = sorted(range(len(texts)), key=lambda index: (-scores[index], index))[:count]
    return {"results": [{"index": index, "relevanceScore": round(scores[index], 6)} for index in order]}


def _scores(embedder: Embedder, query: str, texts: list[str]) -> list[float]:
    vectors = embedder.embed([query, *texts])
    asked, held = stems(query), [stems(text) for text in texts]
    weight = {word: math.log(1 + len(texts) / (1 + sum(word in words for words in held))) for word in asked}
    total = sum(weight.values()) or 1.0
    return [
        0.5 * max(0.0, float(vectors[0] @ vector)) + 0.5 * sum(weight[word] for word in asked & words) / total
        for vector, words in zip(vectors[1:], held, strict=True)
    ]


def _query(request: JsonObject) -> str:
    (query,) = _listed(request, "queries", 1)
    if query.get("type") != "TEXT":
        raise validation_error("Value at 'queries.0.type' failed to satisfy constraint: [TEXT]")
    return _checked((query.get("textQuery") or {}).get("text"), "queries.0.textQuery.text")


def _text(source: JsonObject, where: str) -> str:
    document = source.get("inlineDocumentSource") or {}
    if source.get("type") != "INLINE" or document.get("type") not in ("TEXT", "JSON"):
        raise validation_error(f"Value at '{where}.type' failed to satisfy constraint: [INLINE] of [TEXT, JSON]")
    if document["type"] == "JSON":
        raise validation_error(f"The local Bedrock reranks text only, not the JSON document at {where}.")
    return _checked((document.get("textDocument") or {}).get("text"), f"{where}.textDocument.text")


def _config(request: JsonObject) -> JsonObject:
    given = request.get("rerankingConfiguration") or {}
    if given.get("type") != "BEDROCK_RERANKING_MODEL":
        raise validation_error("Value at 'rerankingConfiguration.type' must be BEDROCK_RERANKING_MODEL")
    config: JsonObject = given.get("bedrockRerankingConfiguration") or {}
    model = config.get("modelConfiguration") or {}
    if str(model.get("modelArn", "")).rpartition("/")[2] not in RERANK_MODELS:
        raise ServiceError("ResourceNotFoundException", f"The model is none of {', '.join(RERANK_MODELS)}.", 404)
    if model.get("additionalModelRequestFields"):
        raise validation_error("The local Bedrock does not emulate additionalModelRequestFields of Rerank.")
    return config


def _listed(request: JsonObject, name: str, most: int) -> list[Any]:
    found = request.get(name)
    if not isinstance(found, list) or not 1 <= len(found) <= most:
        raise validation_error(f"Value at '{name}' must have 1 to {most} members")
    return found


def _checked(text: Any, where: str) -> str:
    if not isinstance(text, str) or not 1 <= len(text) <= _MOST_CHARACTERS:
        raise validation_error(f"Value at '{where}' must have 1 to {_MOST_CHARACTERS} characters")
    return text
