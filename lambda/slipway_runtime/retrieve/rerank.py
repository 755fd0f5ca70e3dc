"""Another model reads question and chunk together and orders the hits anew.

A reranker that fails or is slow costs the better order, never the answer: the fused order stays.
Source: Agents for Amazon Bedrock runtime API reference, Rerank (up to 1,000 documents; scores 0 to 1).
"""

from dataclasses import dataclass, field, replace
from typing import Any

from slipway_runtime.operate.observability import count, logger
from slipway_runtime.operate.retry import CONNECTION_ERRORS, Backoff, Deadline, error_code, within
from slipway_runtime.retrieve.stores.contract import Hit

TRANSIENT = CONNECTION_ERRORS | {"InternalServerException", "ThrottlingException", "DependencyFailedException"}
MAX_QUERY_CHARACTERS = 32_000
MAX_DOCUMENT_CHARACTERS = 32_000
# The answer still has to be written in the time that is left.
SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Reranker:
    """A rerank model of Bedrock. `candidates`: hits that it reads; 0 leaves every order as it is."""

    client: Any = None
    model_arn: str = ""
    candidates: int = 0
    backoff: Backoff = field(default_factory=lambda: Backoff(base_seconds=0.2, max_attempts=3))

    def rerank(self, text: str, hits: list[Hit], deadline: Deadline) -> list[Hit]:
        """Return the hits by the model's relevance, descending, which becomes `fused`; unchanged where it fails."""
        if self.candidates == 0 or len(hits) < 2:
            return hits
        soon = min(deadline, Deadline.after(SECONDS), key=lambda each: each.at)
        try:
            response = self.backoff.call(
                lambda: within(lambda: self.client.rerank(**self._request(text, hits)), soon),
                retry_on=lambda error: error_code(error) in TRANSIENT,
                deadline=soon,
            )
            order = [(each["index"], float(each["relevanceScore"])) for each in response["results"]]
            best = [replace(hits[index], fused=score) for index, score in order]
        except Exception as error:
            count("RerankFailures")
            logger.warning("not reranked", extra={"reason": error_code(error), "error_type": type(error).__name__})
            return hits
        ranked = {index for index, _ in order}
        return best + [replace(hit, fused=0.0) for index, hit in enumerate(hits) if index not in ranked]

    def _request(self, text: str, hits: list[Hit]) -> dict[str, Any]:
        model = {"modelConfiguration": {"modelArn": self.model_arn}, "numberOfResults": len(hits)}
        return {
            "queries": [{"type": "TEXT", "textQuery": {"text": text[-MAX_QUERY_CHARACTERS:]}}],
            "sources": [_source(hit) for hit in hits],
            "rerankingConfiguration": {
                "type": "BEDROCK_RERANKING_MODEL",
                "bedrockRerankingConfiguration": model,
            },
        }


NO_RERANKING = Reranker()


def _source(hit: Hit) -> dict[str, Any]:
    read = f"{hit.heading}\n{hit.content}" if hit.heading else hit.content
    document = {"type": "TEXT", "textDocument": {"text": read[:MAX_DOCUMENT_CHARACTERS]}}
    return {"type": "INLINE", "inlineDocumentSource": document}
