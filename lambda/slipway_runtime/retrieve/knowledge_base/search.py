"""Search in a knowledge base: Bedrock chunks, embeds and ranks; the tenant's condition goes with every question.

Source: Amazon Bedrock API reference, agents' runtime, "Retrieve".
"""

from dataclasses import dataclass, field
from typing import Any

from slipway_runtime.operate.retry import CONNECTION_ERRORS, Backoff, Deadline, error_code
from slipway_runtime.retrieve.filters import Attributes, InvalidFilter, matches
from slipway_runtime.retrieve.knowledge_base.retrieval_filter import TENANT, Pushed, retrieval_filter
from slipway_runtime.retrieve.search import Wanted
from slipway_runtime.retrieve.stores.contract import Hit, StoreUnavailable, UnsupportedMode

MAX_RESULTS = 100
MAX_QUESTION_CHARACTERS = 1_000
OWN = "x-amz-bedrock-kb-"
TRANSIENT = CONNECTION_ERRORS | {
    *("ConflictException", "DependencyFailedException", "InternalServerException", "ThrottlingException"),
}


@dataclass(frozen=True, kw_only=True)
class KnowledgeBase:
    """One knowledge base. `hybrid`: whether the store behind it searches by words too."""

    client: Any
    knowledge_base_id: str
    hybrid: bool
    backoff: Backoff = field(default_factory=Backoff)

    def search(self, tenant: str, wanted: Wanted, deadline: Deadline) -> list[Hit]:
        """Return the tenant's best chunks, at most 100, for the last 1,000 characters of the text.

        Raises: UnsupportedMode, StoreUnavailable, InvalidFilter for a filter that Bedrock cannot say whole and that
        leaves too little of what it finds.
        """
        pushed = retrieval_filter(tenant, wanted.filter)
        found = self._retrieve(self._request(wanted, pushed), deadline)
        hits = [
            _hit(each, attributes)
            for each in found
            if (attributes := each.get("metadata", {})).get(TENANT) == tenant and matches(wanted.filter, attributes)
        ]
        if not pushed.whole and len(hits) < wanted.limit and len(found) == MAX_RESULTS:
            raise InvalidFilter(
                "filter",
                f"leaves too few of the {MAX_RESULTS} chunks that the knowledge base gives, which cannot say it whole; "
                "nest less, or search the store",
            )
        return hits[: wanted.limit]

    def _request(self, wanted: Wanted, pushed: Pushed) -> dict[str, Any]:
        configuration: dict[str, Any] = {
            "numberOfResults": min(MAX_RESULTS, wanted.limit) if pushed.whole else MAX_RESULTS,
            "filter": pushed.filter,
        }
        if wanted.mode is not None:
            has = {"vector": "SEMANTIC", **({"hybrid": "HYBRID"} if self.hybrid else {})}
            if wanted.mode not in has:
                modes = frozenset(("vector", "hybrid") if self.hybrid else ("vector",))
                raise UnsupportedMode("the knowledge base", wanted.mode, modes)  # type: ignore[arg-type]
            configuration["overrideSearchType"] = has[wanted.mode]
        return {
            "knowledgeBaseId": self.knowledge_base_id,
            "retrievalQuery": {"text": wanted.text[-MAX_QUESTION_CHARACTERS:]},
            "retrievalConfiguration": {"vectorSearchConfiguration": configuration},
        }

    def _retrieve(self, request: dict[str, Any], deadline: Deadline) -> list[dict[str, Any]]:
        def again(error: Exception) -> bool:
            return error_code(error) in TRANSIENT

        try:
            answer = self.backoff.call(lambda: self.client.retrieve(**request), retry_on=again, deadline=deadline)
        except Exception as error:
            if again(error):
                raise StoreUnavailable(f"the knowledge base did not answer in time: {error_code(error)}") from error
            raise
        return list(answer["retrievalResults"])


def _hit(found: dict[str, Any], attributes: Attributes) -> Hit:
    page = attributes.get(f"{OWN}document-page-number")
    score = float(found.get("score", 0.0))
    document_id = str(attributes.get("document_id", ""))
    return Hit(
        chunk_id=str(attributes.get(f"{OWN}chunk-id", document_id)),
        document_id=document_id,
        path=str(attributes.get("path", "")),
        heading="",
        page=int(page) if isinstance(page, int | float) else None,
        content=found["content"].get("text", ""),
        score=min(1.0, max(0.0, score)),
        fused=score,
    )
