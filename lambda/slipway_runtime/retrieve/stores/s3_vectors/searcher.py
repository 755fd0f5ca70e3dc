"""Search in one tenant's index: what the service ranks, without what is not shown.

Source: Amazon S3 user guide, "Querying with full-text and vector search" (vector, BM25, or both by reciprocal rank
fusion; filters apply before the search in the indexes of new buckets).
"""

from dataclasses import dataclass
from math import sqrt
from typing import Any

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.stores.contract import Hit, Query
from slipway_runtime.retrieve.stores.guard import Guards
from slipway_runtime.retrieve.stores.s3_vectors.filter_document import filter_document
from slipway_runtime.retrieve.stores.s3_vectors.rows import CLAIM, CONTENT, DOCUMENT, hit, index_of, parts_of, stored
from slipway_runtime.retrieve.stores.s3_vectors.service import MAX_TOP_K, Row, VectorBucket

CANDIDATES = 50
# The service's limit of a text that is searched for.
MAX_QUESTION_CHARACTERS = 1_024
# Further rounds come only while documents that are found are being written.
MAX_ROUNDS = 8


@dataclass(frozen=True, kw_only=True)
class Searcher:
    """Reads the bucket and the guards."""

    bucket: VectorBucket
    guards: Guards

    def search(self, query: Query, deadline: Deadline) -> list[Hit]:
        """Return the tenant's best chunks, at most 100."""
        wanted = _request(query)
        if not wanted:
            return []
        shown: list[Row] = []
        # Which claim of a document is looked for: of those of which another one than the visible was found.
        known: dict[str, int] = {}
        for _ in range(MAX_ROUNDS):
            rows = self.bucket.query(index_of(query.tenant), _narrowed(wanted, query, known), deadline)
            found = [parts_of(each["key"])[1:] for each in rows]
            visible = self._visible(query.tenant, {document for document, _ in found} | set(known), deadline)
            shown = [each for each, (document, claim) in zip(rows, found, strict=True) if visible[document] == claim]
            # What was visible before and after the query was so during it, so that nothing was missed.
            if len(shown) == len(rows) and all(visible[document] == claim for document, claim in known.items()):
                break
            moved = {document for document, claim in found if visible[document] != claim} | set(known)
            known = {document: visible[document] for document in moved}
        best = shown[: query.limit]
        scores = self._scores(query, best, deadline)
        return [
            hit(each, score, _fused(each, len(best) - rank))
            for rank, (each, score) in enumerate(zip(best, scores, strict=True))
        ]

    def _visible(self, tenant: str, documents: set[str], deadline: Deadline) -> dict[str, int]:
        """Return the claim under which a document's chunks may be found, 0 for none."""
        held = self.bucket.again(lambda: self.guards.read(documents), deadline)
        return {
            document: guard.visible if (guard := held.get(document)) and guard.shows(tenant, guard.visible) else 0
            for document in documents
        }

    def _scores(self, query: Query, rows: list[Row], deadline: Deadline) -> list[float]:
        """Return cosine similarities where the query has a vector, else BM25 scores."""
        if query.vector is None or query.mode == "keyword":
            return [_bm25(each) for each in rows]
        near = {each["key"]: 1 - distance for each in rows if (distance := _distance(each)) is not None}
        # Found by their words alone: they have a similarity too.
        far = [each["key"] for each in rows if each["key"] not in near]
        for each in self.bucket.get(index_of(query.tenant), far, deadline, metadata=False):
            near[each["key"]] = _cosine(query.vector, each["data"]["float32"])
        return [min(1.0, max(0.0, near.get(each["key"], 0.0))) for each in rows]


def _request(query: Query) -> Row:
    request: Row = {}
    text = query.text[-MAX_QUESTION_CHARACTERS:].strip()
    if query.mode != "keyword":
        request["queryVector"] = {"float32": query.vector}
    if query.mode != "vector" and text:
        request["queryTexts"] = [{"metadataKey": CONTENT, "text": text}]
    return {**request, "topK": min(MAX_TOP_K, max(CANDIDATES, query.limit))} if request else {}


def _narrowed(wanted: Row, query: Query, known: dict[str, int]) -> Row:
    conditions: list[dict[str, Any]] = [
        {"$or": [{DOCUMENT: {"$ne": stored(document)}}, {CLAIM: {"$eq": claim}}]}
        for document, claim in sorted(known.items())
    ]
    if query.filter is not None:
        conditions.append(filter_document(query.filter))
    if not conditions:
        return wanted
    return {**wanted, "filter": conditions[0] if len(conditions) == 1 else {"$and": conditions}}


def _distance(row: Row) -> float | None:
    found = row.get("scores", {}).get("vectorDistance", row.get("distance"))
    return None if found is None else float(found)


def _bm25(row: Row) -> float:
    return float(sum(each["score"] for each in row.get("scores", {}).get("bm25Scores", [])))


def _fused(row: Row, rank_from_below: int) -> float:
    """Return what the service ordered by; where it tells only distances, their similarity."""
    scores, distance = row.get("scores", {}), _distance(row)
    if "fused" in scores:
        return float(scores["fused"])
    if scores.get("bm25Scores"):
        return _bm25(row)
    return float(rank_from_below) if distance is None else 1 - distance


def _cosine(one: list[float], other: list[float]) -> float:
    dot = sum(a * b for a, b in zip(one, other, strict=True))
    lengths = sqrt(sum(a * a for a in one) * sum(b * b for b in other))
    return dot / lengths if lengths else 0.0
