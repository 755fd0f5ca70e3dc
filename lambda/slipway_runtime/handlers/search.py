"""POST /v1/search: the chunks that are found for a text, without an answer.

The request is that of OpenAI's vector-store search, as far as it is served, with `mode` and `source` beside it.
Source: OpenAI API reference, "Vector stores: search" (query, filters, max_num_results, ranking_options; the page of
results).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import msgspec

from slipway_runtime import parts
from slipway_runtime.generate.errors import ApiError, invalid
from slipway_runtime.generate.prompt import location
from slipway_runtime.handlers.events import ApiRequest
from slipway_runtime.handlers.filter_field import request_filter
from slipway_runtime.handlers.http import decode_body, respond
from slipway_runtime.operate.observability import count, observed
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.reindex.generations import Generation
from slipway_runtime.retrieve.filters import InvalidFilter
from slipway_runtime.retrieve.search import Searcher, Wanted
from slipway_runtime.retrieve.stores.contract import Hit, Mode, UnsupportedMode

if TYPE_CHECKING:
    from slipway_runtime.retrieve.knowledge_base.search import KnowledgeBase

MARGIN_SECONDS = 2.0
GATEWAY_SECONDS = 28.0
MAX_RESULTS = 30
DEFAULT_RESULTS = 10


class RankingOptions(msgspec.Struct, forbid_unknown_fields=True):
    """`score_threshold`: least cosine similarity, 0 to 1; `ranker`: "none" keeps the reranker out."""

    ranker: str = "auto"
    score_threshold: float = 0.0


class SearchRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/search."""

    query: str
    filters: Any = None
    max_num_results: int = DEFAULT_RESULTS
    mode: str | None = None
    source: str = "store"
    ranking_options: RankingOptions = msgspec.field(default_factory=RankingOptions)

    @property
    def wanted(self) -> Wanted:
        """Return what to search for. Raises: ApiError 400 naming the field."""
        if not self.query.strip() or "\x00" in self.query:
            raise invalid("'query' must be a text that is not empty, without NUL characters.", "query")
        if not 1 <= self.max_num_results <= MAX_RESULTS:
            raise invalid(f"'max_num_results' must be a whole number from 1 to {MAX_RESULTS}.", "max_num_results")
        if not 0 <= self.ranking_options.score_threshold <= 1:
            raise invalid("'score_threshold' must be between 0 and 1.", "ranking_options.score_threshold")
        if self.ranking_options.ranker not in ("auto", "none"):
            raise invalid("'ranker' must be auto or none.", "ranking_options.ranker")
        if self.source not in ("store", "knowledge_base"):
            raise invalid("'source' must be store or knowledge_base.", "source")
        found = request_filter(self.filters)
        return Wanted(text=self.query, limit=self.max_num_results, mode=_mode(self.mode), filter=found)


@observed
def handler(event: dict[str, Any], context: Any) -> Any:
    """Answer one request."""
    deadline = min(Deadline.of(context, MARGIN_SECONDS), Deadline.after(GATEWAY_SECONDS), key=lambda each: each.at)
    return respond(event, lambda request: _search(request, deadline))


def _search(request: ApiRequest, deadline: Deadline) -> dict[str, Any]:
    if request.http_method != "POST":
        raise ApiError(405, "Only POST /v1/search is served.", code="method_not_allowed")
    asked = decode_body(request, SearchRequest)
    wanted, options = asked.wanted, asked.ranking_options
    try:
        tenant = request.request_context.authorizer.tenant
        if asked.source == "knowledge_base":
            hits = _knowledge_base().search(tenant, wanted, deadline)
        else:
            hits = _searcher(parts.active()).search(tenant, wanted, deadline, rerank=options.ranker == "auto")
    except InvalidFilter as error:
        raise invalid(f"{error}.", "filters", "unsupported_value") from error
    except UnsupportedMode as error:
        raise invalid(f"{error}.", "mode", "unsupported_value") from error
    count("Searches")
    # Keyword search has no cosine, so there is nothing to compare a threshold with.
    passing = [hit for hit in hits if wanted.mode == "keyword" or hit.score >= options.score_threshold]
    return {
        "object": "vector_store.search_results.page",
        "search_query": [asked.query],
        "data": [_result(hit) for hit in passing],
        "has_more": False,
        "next_page": None,
    }


def _mode(given: str | None) -> Mode | None:
    match given:
        case None | "hybrid" | "vector" | "keyword":
            return given
    raise invalid("'mode' must be hybrid, vector or keyword.", "mode")


def _result(hit: Hit) -> dict[str, Any]:
    place = {"chunk_id": hit.chunk_id, "location": location(hit), "start": hit.start, "end": hit.end}
    return {
        "file_id": hit.document_id,
        "filename": hit.path,
        "score": round(hit.score, 4),
        "attributes": {} if hit.page is None else {"page": hit.page},
        "content": [{"type": "text", "text": hit.content}],
        "slipway": {**place, "rank_score": round(hit.fused, 6)},
    }


def _knowledge_base() -> KnowledgeBase:
    found = _made_knowledge_base()
    if found is None:
        remedy = "Set retrieval.knowledge_base.enabled for it, or leave 'source' out."
        raise invalid(f"This environment has no knowledge base. {remedy}", "source", "unsupported_value")
    return found


@functools.cache
def _made_knowledge_base() -> KnowledgeBase | None:
    return parts.knowledge_base()


@functools.cache
def _searcher(generation: Generation | None) -> Searcher:
    return parts.searcher(generation)
