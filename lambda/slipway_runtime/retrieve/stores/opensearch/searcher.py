"""Searching: candidates of each search, the guards' word on which of them may be found, fusion, then the texts.

A search may see chunks of an old version, or of one that is not published; the guard decides at the time of reading.
Where so many fell out that fewer are left than asked for, they are excluded and the search is done once more.
"""

from dataclasses import dataclass
from typing import Any

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.filters import Filter
from slipway_runtime.retrieve.stores.contract import Hit, Query, StoreUnavailable
from slipway_runtime.retrieve.stores.guard import Guards
from slipway_runtime.retrieve.stores.opensearch import filter_query, rows
from slipway_runtime.retrieve.stores.opensearch.client import Collection
from slipway_runtime.retrieve.stores.opensearch.fusion import Found, fuse

CANDIDATES = 50
# Thirty of the widest chunks are 240 KB.
MAX_HITS = 30
# Each word is a clause, of which a query has at most 1,024; in scripts without spaces a character is a word.
MAX_QUESTION_CHARACTERS = 1_000
# Each pass looks only for the visible claim of the documents of which the one before found another, few at any time.
PASSES = 8
IDENTITY = ["tenant", "document_id", "chunk_id", "claim"]
TEXT = ["chunk_id", "document_id", "path", "heading", "page", "content", "start", "end"]
# Which claim of a document is looked for: of those of which another one than the visible was found.
Known = dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Searcher:
    """Searches one collection."""

    collection: Collection
    guards: Guards

    def search(self, query: Query, deadline: Deadline) -> list[Hit]:
        """Return the tenant's best chunks, at most 30. Raises: StoreUnavailable."""
        limit = min(query.limit, MAX_HITS)
        for _ in range(PASSES):
            fused = fuse(self._legs(query, limit, deadline), limit)
            hits = self._hits(query, fused, deadline) if fused else []
            # A chunk that was found may be replaced, and gone, before it is read.
            if len(hits) == len(fused):
                return hits
        raise StoreUnavailable("the documents that are found are being replaced all the time")

    def _legs(self, query: Query, limit: int, deadline: Deadline) -> list[list[Found]]:
        bodies = _bodies(query, CANDIDATES)
        known: Known = {}
        for _ in range(PASSES):
            found = [self._find(body, query, known, deadline) for body in bodies]
            everything = [each for leg in found for each in leg]
            visible = self._visible(query.tenant, {each.document_id for each in everything} | set(known))
            stale = {each.document_id for each in everything if visible[each.document_id] != each.claim}
            moved = {document for document, claim in known.items() if visible[document] != claim}
            legs = [[each for each in leg if visible[each.document_id] == each.claim] for leg in found]
            # What was visible before and after the search was so during it, so that nothing was missed.
            if not stale and not moved:
                return legs
            known = {document: visible[document] for document in stale | set(known)}
        if moved or any(len(leg) < limit for leg in legs):
            raise StoreUnavailable("too many documents are being replaced to search among them")
        return legs

    def _visible(self, tenant: str, documents: set[str]) -> dict[str, int]:
        """Return the claim under which a document's chunks may be found, 0 for none."""
        held = self.guards.read(documents)
        return {
            document: guard.visible if (guard := held.get(document)) and guard.shows(tenant, guard.visible) else 0
            for document in documents
        }

    def _find(self, leg: dict[str, Any], query: Query, known: Known, deadline: Deadline) -> list[Found]:
        body = {
            "size": CANDIDATES,
            "_source": IDENTITY,
            "query": _within(leg, restriction(query.tenant, query.filter, known)),
        }
        return [
            Found(
                id=each["_id"],
                chunk_id=each["_source"]["chunk_id"],
                document_id=each["_source"]["document_id"],
                tenant=each["_source"]["tenant"],
                claim=each["_source"]["claim"],
                score=each["_score"],
            )
            for each in self._ask(body, deadline)
        ]

    def _hits(self, query: Query, fused: list[tuple[Found, float]], deadline: Deadline) -> list[Hit]:
        """Return the hits with their texts, and with their cosine where the question has a vector."""
        # The tenant once more: an id is no proof.
        wanted = {"bool": {"filter": [{"term": {"tenant": query.tenant}}, _ids([found.id for found, _ in fused])]}}
        leg = _nearest(query.vector, len(fused)) if query.vector else {"match_all": {}}
        answer = self._ask({"size": len(fused), "_source": TEXT, "query": _within(leg, wanted)}, deadline)
        held = {each["_id"]: each for each in answer}
        return [
            _hit(held[found.id]["_source"], _score(query, found, held[found.id]["_score"]), total)
            for found, total in fused
            if found.id in held
        ]

    def _ask(self, body: dict[str, Any], deadline: Deadline) -> list[dict[str, Any]]:
        answer = self.collection.ask("POST", f"{self.collection.index}/_search", body, deadline=deadline)
        return list(answer["hits"]["hits"])


def restriction(tenant: str, wanted: Filter | None, known: Known | None = None) -> dict[str, Any]:
    """Return the query of a tenant's chunks that pass the filter, of known documents those of one claim."""
    held: dict[str, Any] = {"filter": [{"term": {"tenant": tenant}}]}
    if wanted:
        held["filter"].append(filter_query.query(wanted))
    if known:
        held["must_not"] = [
            {"bool": {"filter": [{"term": {"document_id": document}}], "must_not": [{"term": {"claim": claim}}]}}
            for document, claim in sorted(known.items())
        ]
    return {"bool": held}


def _bodies(query: Query, candidates: int) -> list[dict[str, Any]]:
    legs = []
    if query.vector and query.mode != "keyword":
        legs.append(_nearest(query.vector, candidates))
    if query.mode != "vector" and query.text.strip():
        legs.append({"match": {"text": {"query": query.text[-MAX_QUESTION_CHARACTERS:]}}})
    return legs


def _nearest(vector: list[float], count: int) -> dict[str, Any]:
    return {"knn": {"embedding": {"vector": rows.unit(vector), "k": count}}}


def _within(leg: dict[str, Any], restricted: dict[str, Any]) -> dict[str, Any]:
    """Return a search among the restricted chunks only: inside the graph for vectors, so that none of k is lost."""
    if "knn" in leg:
        return {"knn": {"embedding": {**leg["knn"]["embedding"], "filter": restricted}}}
    return {"bool": {"must": [leg], "filter": [restricted]}}


def _ids(ids: list[str]) -> dict[str, Any]:
    return {"ids": {"values": ids}}


def _score(query: Query, found: Found, score: float) -> float:
    """Return the cosine behind the service's score of an inner product, cut to 0..1, or the keywords' score."""
    if not query.vector:
        return found.score
    return min(1.0, max(0.0, score - 1))


def _hit(source: dict[str, Any], score: float, fused: float) -> Hit:
    return Hit(
        chunk_id=source["chunk_id"],
        document_id=source["document_id"],
        path=source["path"],
        heading=source["heading"],
        page=source.get("page"),
        content=source["content"],
        start=source["start"],
        end=source["end"],
        score=score,
        fused=fused,
    )
