"""Retrieve: cosine similarity over the passages that the filter leaves; hybrid adds the share of the question's words.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Retrieve.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/kb-test-config.html
"""

from __future__ import annotations

from ...aws_json import JsonObject, validation_error
from ..embedder import Embedder
from ..sentences import stems
from .filters import compiled
from .model import Passage

DEFAULT_RESULTS = 5


def results(embedder: Embedder, passages: list[Passage], request: JsonObject) -> list[JsonObject]:
    """Return the best passages. Raises: ServiceError for what Bedrock refuses and for what is not emulated."""
    for name in ("guardrailConfiguration", "nextToken", "userContext"):
        if name in request:
            raise validation_error(f"{name} of Retrieve is not emulated; leave it out")
    given = request.get("retrievalConfiguration", {})
    configuration = given.get("vectorSearchConfiguration", {})
    unknown = (given.keys() - {"vectorSearchConfiguration"}) | (
        configuration.keys() - {"filter", "numberOfResults", "overrideSearchType"}
    )
    if unknown:
        raise validation_error(f"{sorted(unknown)[0]} of Retrieve is not emulated; leave it out")
    text = request["retrievalQuery"].get("text", "")
    if not text:
        raise validation_error("retrievalQuery.text must not be empty")
    if "filter" in configuration:
        passes = compiled(configuration["filter"])
        passages = [each for each in passages if passes(each.metadata)]
    if not passages:
        return []
    asked, *vectors = embedder.embed([text, *(each.text for each in passages)])
    scores = [float(asked @ vector) for vector in vectors]
    if configuration.get("overrideSearchType") == "HYBRID":
        words = stems(text)
        scores = [
            (score + len(words & stems(each.text)) / max(1, len(words))) / 2
            for score, each in zip(scores, passages, strict=True)
        ]
    best = sorted(range(len(passages)), key=lambda number: (-scores[number], passages[number].uri))
    return [_shown(passages[n], scores[n]) for n in best[: configuration.get("numberOfResults", DEFAULT_RESULTS)]]


def _shown(passage: Passage, score: float) -> JsonObject:
    own = {
        "x-amz-bedrock-kb-source-uri": passage.uri,
        "x-amz-bedrock-kb-chunk-id": f"{passage.uri.rpartition('/')[2]}#{passage.number}",
    }
    return {
        "content": {"type": "TEXT", "text": passage.text},
        "location": {"type": "S3", "s3Location": {"uri": passage.uri}},
        "metadata": {**passage.metadata, **own},
        "score": score,
    }
