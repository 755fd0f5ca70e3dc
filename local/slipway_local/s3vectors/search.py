"""QueryVectors: exact distances, BM25, and reciprocal rank fusion of both. Filters apply before the search.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-querying-full-text-and-vector-search.html.
Where AWS says nothing (analyser, k1, b, the constant of the fusion) these are the values that Lucene has; the standard
analyser stands in for the language analysers too.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Any

import numpy as np

from ..aws_json import JsonObject, ServiceError
from .filters import compiled
from .model import MODE, Floats, Index, Vector
from .writing import floats

MAX_TOP_K = 100
TERM = re.compile(r"\w+")
K1, B, FUSION = 1.2, 0.75, 60


def query(index: Index, request: JsonObject) -> list[JsonObject]:
    """Return the best `topK` vectors as QueryVectors shows them. Raises: ServiceError for what the service refuses."""
    _check(index, request)
    candidates = list(index.vectors.values())
    if "filter" in request:
        passes = compiled(request["filter"], index.unfilterable)
        candidates = [one for one in candidates if passes(one.metadata)]
    top = request["topK"]
    texts = [(one["metadataKey"], one["text"]) for one in request.get("queryTexts", [])]
    wanted = floats(index, request["queryVector"], "Invalid query vector") if "queryVector" in request else None
    lexical = {key: _bm25(index, candidates, key, text) for key, text in texts}
    if wanted is None:
        totals = {key: sum(one.get(key, 0.0) for one in lexical.values()) for key in set().union(*lexical.values())}
        return [_shown(index.vectors[key], request, lexical) for key in _best(totals)[:top]]
    distances = _distances(index, candidates, wanted)
    nearest = sorted(distances, key=lambda key: (distances[key], key))[:top]
    if not texts:
        return [_shown(index.vectors[key], request, {}, distances[key]) for key in nearest]
    fused = _fused([nearest, *(_best(scores)[:top] for scores in lexical.values())])
    near = {key: distances[key] for key in nearest}
    return [_shown(index.vectors[key], request, lexical, near.get(key), fused[key]) for key in _best(fused)[:top]]


def _best(scores: dict[str, float]) -> list[str]:
    return sorted(scores, key=lambda key: (-scores[key], key))


def _fused(rankings: list[list[str]]) -> dict[str, float]:
    fused: dict[str, float] = {}
    for ranking in rankings:
        for rank, key in enumerate(ranking, 1):
            fused[key] = fused.get(key, 0.0) + 1 / (FUSION + rank)
    return fused


def _check(index: Index, request: JsonObject) -> None:
    if request["topK"] > MAX_TOP_K:
        raise ServiceError("ValidationException", f"topK must be at most {MAX_TOP_K}, but is {request['topK']}")
    if request.get("queryMode", MODE) != MODE:
        raise ServiceError("ValidationException", "queryMode CLASSIC is not allowed for an ENHANCED index")
    texts = [one["metadataKey"] for one in request.get("queryTexts", [])]
    if "queryVector" not in request and not texts:
        raise ServiceError("ValidationException", "Must specify queryVector, queryTexts, or both")
    if len(set(texts)) != len(texts):
        raise ServiceError("ValidationException", "Each entry of queryTexts must have a distinct metadataKey")
    for key in texts:
        if key not in index.texts:
            raise ServiceError("ValidationException", f"The metadata key {key!r} is not configured for text search")


def _distances(index: Index, candidates: list[Vector], wanted: Floats) -> dict[str, float]:
    if not candidates:
        return {}
    matrix = np.stack([one.data for one in candidates]).astype(np.float64)
    target = wanted.astype(np.float64)
    if index.metric == "cosine":
        lengths = np.linalg.norm(matrix, axis=1) * np.linalg.norm(target)
        found: Any = 1 - matrix @ target / lengths
    else:
        found = np.linalg.norm(matrix - target, axis=1)
    return {one.key: float(distance) for one, distance in zip(candidates, found, strict=True)}


def terms(text: str) -> list[str]:
    """Return the terms of a text: runs of letters and digits, in small letters."""
    return TERM.findall(text.lower())


def _bm25(index: Index, candidates: list[Vector], key: str, text: str) -> dict[str, float]:
    """Return the scores above zero. The statistics are those of the whole index, as Lucene's are."""
    held = {name: terms(str(one.metadata[key])) for name, one in index.vectors.items() if key in one.metadata}
    if not held:
        return {}
    average = sum(map(len, held.values())) / len(held) or 1.0
    among: Counter[str] = Counter(term for found in held.values() for term in set(found))
    scores: dict[str, float] = {}
    for one in candidates:
        counts = Counter(held.get(one.key, ()))
        length = B * sum(counts.values()) / average
        score = sum(
            math.log(1 + (len(held) - among[term] + 0.5) / (among[term] + 0.5))
            * counts[term]
            / (counts[term] + K1 * (1 - B + length))
            for term in set(terms(text))
            if term in counts
        )
        if score > 0:
            scores[one.key] = score
    return scores


def _shown(
    vector: Vector,
    request: JsonObject,
    lexical: dict[str, dict[str, float]],
    distance: float | None = None,
    fused: float | None = None,
) -> JsonObject:
    found: JsonObject = {"key": vector.key}
    if request.get("returnMetadata") and vector.metadata:
        found["metadata"] = vector.metadata
    if request.get("returnDistance") and distance is not None:
        found["distance"] = distance
    if request.get("returnScores") and lexical:
        bm25 = [{"metadataKey": key, "score": one[vector.key]} for key, one in lexical.items() if vector.key in one]
        scores: JsonObject = {"bm25Scores": bm25} if bm25 else {}
        if fused is not None:
            scores["fused"] = fused
            if distance is not None:
                scores["vectorDistance"] = distance
        found["scores"] = scores
    return found
