"""The query language, as far as it is carried out here: exact k-NN, BM25, and filters. Anything else is refused.

Sources: https://docs.opensearch.org/latest/query-dsl/, .../vector-search/filter-search-knn/efficient-knn-filtering/
(k results wherever so many pass the filter), .../field-types/supported-field-types/knn-spaces/ (scores);
Lucene's BM25Similarity (k1 = 1.2, b = .75).
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from slipway_local.opensearch.analysis import english
from slipway_local.opensearch.errors import OpenSearchError, closed, illegal, unparsed
from slipway_local.opensearch.index import Document, Index

Documents = dict[str, Document]
# What a query gives: the ids of the documents that it finds, with their scores.
Scores = dict[str, float]
MAX_CLAUSES = 1_024
MAX_K = 10_000
K1, B = 1.2, 0.75


class Search:
    """One search over what an index shows at this moment."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self.documents: Documents = index.seen()
        self._clauses = 0
        self._kinds: dict[str, Callable[[Any, Documents], Scores]] = {
            "bool": self._bool,
            "ids": self._ids,
            "knn": self._knn,
            "match": self._match,
            "match_all": self._match_all,
            "range": self._range,
            "term": self._term,
            "terms": self._terms,
        }

    def run(self, query: Any, among: Documents | None = None) -> Scores:
        """Return what a query finds. Raises: OpenSearchError for one that is not understood."""
        if not isinstance(query, dict) or len(query) != 1:
            raise unparsed("[query] is malformed, expected an object with one kind of query")
        ((kind, given),) = query.items()
        if kind not in self._kinds:
            raise unparsed(f"unknown query [{kind}]; the local cloud has {', '.join(sorted(self._kinds))}")
        self._count(1)
        return self._kinds[kind](given, self.documents if among is None else among)

    def _count(self, clauses: int) -> None:
        self._clauses += clauses
        if self._clauses > MAX_CLAUSES:
            raise OpenSearchError(400, "too_many_nested_clauses", f"maxClauseCount is set to {MAX_CLAUSES}")

    def _bool(self, given: Any, among: Documents) -> Scores:
        closed(given, "bool", {"must", "filter", "must_not", "should", "minimum_should_match"})
        left = among
        total: Scores = {}
        for each in _several(given, "filter"):
            left = _only(left, self.run(each, left))
        for each in _several(given, "must_not"):
            gone = self.run(each, left)
            left = {id: document for id, document in left.items() if id not in gone}
        for each in _several(given, "must"):
            found = self.run(each, left)
            left = _only(left, found)
            total = {id: total.get(id, 0.0) + score for id, score in found.items()}
        should = _several(given, "should")
        needed = given.get(
            "minimum_should_match", 0 if given.get("must") or given.get("filter") else min(1, len(should))
        )
        matched = dict.fromkeys(left, 0)
        for each in should:
            for id, score in self.run(each, left).items():
                matched[id] += 1
                total[id] = total.get(id, 0.0) + score
        return {id: total.get(id, 0.0) for id in left if matched[id] >= needed}

    def _match_all(self, given: Any, among: Documents) -> Scores:
        closed(given, "match_all", set())
        return dict.fromkeys(among, 1.0)

    def _ids(self, given: Any, among: Documents) -> Scores:
        wanted = closed(given, "ids", {"values"}, {"values"})["values"]
        return {id: 1.0 for id in wanted if id in among}

    def _term(self, given: Any, among: Documents) -> Scores:
        field, value = _one(given, "term")
        value = closed(value, "term", {"value"}, {"value"})["value"] if isinstance(value, dict) else value
        return self._holding(field, [value], among)

    def _terms(self, given: Any, among: Documents) -> Scores:
        field, values = _one(given, "terms")
        if not isinstance(values, list):
            raise unparsed("[terms] query requires a list of values")
        return self._holding(field, values, among)

    def _holding(self, field: str, values: list[Any], among: Documents) -> Scores:
        kind = self._searchable(field, {"keyword", "integer", "long"})
        wanted = {str(each) if kind == "keyword" else int(each) for each in values}
        return {id: 1.0 for id, held in among.items() if not wanted.isdisjoint(held.values(field))}

    def _range(self, given: Any, among: Documents) -> Scores:
        field, bounds = _one(given, "range")
        self._searchable(field, {"keyword", "integer", "long"})
        closed(bounds, "range", {"gt", "gte", "lt", "lte"})
        return {id: 1.0 for id, held in among.items() if any(_inside(each, bounds) for each in held.values(field))}

    def _match(self, given: Any, among: Documents) -> Scores:
        field, value = _one(given, "match")
        self._searchable(field, {"text"})
        question = closed(value, "match", {"query"}, {"query"})["query"] if isinstance(value, dict) else value
        terms = english(question)
        self._count(len(terms))
        total: Scores = {}
        number = sum(1 for document in self.documents.values() if document.terms)
        average = sum(document.terms.total() for document in self.documents.values()) / max(1, number)
        for term in terms:
            found = self._index.frequency(term)
            weight = math.log(1 + (number - found + 0.5) / (found + 0.5))
            for id, document in among.items():
                if count := document.terms[term]:
                    length = K1 * (1 - B + B * document.terms.total() / average)
                    total[id] = total.get(id, 0.0) + weight * count / (count + length)
        return total

    def _knn(self, given: Any, among: Documents) -> Scores:
        field, value = _one(given, "knn")
        self._searchable(field, {"knn_vector"})
        closed(value, "knn", {"vector", "k", "filter"}, {"vector", "k"})
        vector, k = value["vector"], value["k"]
        dimension = self._index.properties[field]["dimension"]
        if len(vector) != dimension:
            raise illegal(f"Query vector has invalid dimension: {len(vector)}. Dimension should be: {dimension}")
        if not isinstance(k, int) or not 1 <= k <= MAX_K:
            raise illegal(f"[knn] requires k to be in the range (0, {MAX_K}]")
        passing = _only(among, self.run(value["filter"], among)) if "filter" in value else among
        candidates = [document for document in passing.values() if document.vector is not None]
        if not candidates:
            return {}
        products = np.stack([document.vector for document in candidates]) @ np.asarray(vector, dtype=np.float32)
        best = np.argsort(-products, kind="stable")[:k]
        return {candidates[at].id: _score(float(products[at])) for at in best}

    def _searchable(self, field: str, kinds: set[str]) -> str:
        mapped = self._index.properties.get(field)
        if mapped is None:
            raise illegal(f"there is no field [{field}]; the service would find nothing, the local cloud says so")
        if mapped["type"] not in kinds or mapped.get("index") is False:
            raise illegal(f"Cannot search on field [{field}] of type [{mapped['type']}] in this way")
        return str(mapped["type"])


def _score(product: float) -> float:
    """Return the score of an inner product."""
    return product + 1 if product >= 0 else 1 / (1 - product)


def _inside(value: Any, bounds: dict[str, Any]) -> bool:
    kind = type(value)
    held = {name: kind(bound) for name, bound in bounds.items()}
    return (
        ("gt" not in held or value > held["gt"])
        and ("gte" not in held or value >= held["gte"])
        and ("lt" not in held or value < held["lt"])
        and ("lte" not in held or value <= held["lte"])
    )


def _only(among: Documents, found: Scores) -> Documents:
    return {id: among[id] for id in found if id in among}


def _several(given: dict[str, Any], name: str) -> list[Any]:
    value = given.get(name, [])
    return value if isinstance(value, list) else [value]


def _one(given: Any, kind: str) -> tuple[str, Any]:
    if not isinstance(given, dict) or len(given) != 1:
        raise unparsed(f"[{kind}] query requires one field")
    return next(iter(given.items()))
