"""Query and Retrieve: BM25 over the text of documents, or of their passages of up to 200 words, after the filter.

Kendra's own models rank by meaning too; this ranks by words alone, with Lucene's constants.
Source: https://docs.aws.amazon.com/kendra/latest/APIReference/API_Query.html and API_Retrieve.html
"""

from __future__ import annotations

import math
import re
import uuid
from collections import Counter
from typing import Any

from ..aws_json import JsonObject, ServiceError
from ..s3vectors.search import K1, B, terms
from .filters import compiled
from .model import KINDS, Document, Index

MAX_RESULTS, DEFAULT_PAGE = 100, 10
MAX_TERMS, PASSAGE_WORDS, EXCERPT_CHARACTERS = 30, 200, 300
SYNTAX = re.compile(r"\b(?:AND|OR|NOT)\b|\w+:|[\"*]")
NOT_EMULATED = (
    *("DocumentRelevanceOverrideConfigurations", "SortingConfiguration", "SortingConfigurations", "UserContext"),
    *("SpellCorrectionConfiguration", "CollapseConfiguration"),
)
CONFIDENCES = ((0.75, "VERY_HIGH"), (0.5, "HIGH"), (0.25, "MEDIUM"), (0.0, "LOW"))


def query(index: Index, request: JsonObject) -> JsonObject:
    """Return the best documents as Query does; without a text all that the filter leaves."""
    if request.get("QueryResultTypeFilter", "DOCUMENT") != "DOCUMENT":
        raise ServiceError("ValidationException", "QueryResultTypeFilter: only DOCUMENT is emulated")
    left, asked = _left(index, request), _asked(request)
    if asked:
        texts = {each.id: terms(f"{each.title} {each.text}") for each in index.documents.values()}
        scores = _bm25(texts, asked)
        left = sorted((each for each in left if each.id in scores), key=lambda each: (-scores[each.id], each.id))
    shown = [
        {
            **_item(each, index, request, asked),
            "Type": "DOCUMENT",
            "DocumentTitle": {"Text": each.title or each.id, "Highlights": []},
            "DocumentExcerpt": {"Text": each.text[:EXCERPT_CHARACTERS] or " ", "Highlights": []},
        }
        for each in _page(left, request)
    ]
    facets = [_facet(index, facet, left) for facet in request.get("Facets", [])]
    return {
        "QueryId": str(uuid.uuid4()),
        "ResultItems": shown,
        "FacetResults": facets,
        "TotalNumberOfResults": len(left),
    }


def retrieve(index: Index, request: JsonObject) -> JsonObject:
    """Return the best passages as Retrieve does."""
    left, asked = {each.id: each for each in _left(index, request)}, _asked(request)
    if not asked:
        raise ServiceError("ValidationException", "QueryText must have a word")
    passages = {
        (each.id, number): " ".join(words[start : start + PASSAGE_WORDS])
        for each in index.documents.values()
        for words in [each.text.split()]
        for number, start in enumerate(range(0, max(1, len(words)), PASSAGE_WORDS))
    }
    scores = _bm25({key: terms(text) for key, text in passages.items()}, asked)
    best = sorted((key for key in scores if key[0] in left), key=lambda key: (-scores[key], key))
    items = [
        {**_item(left[name], index, request, asked), "Content": passages[name, number]}
        for name, number in _page(best, request)
    ]
    return {"QueryId": str(uuid.uuid4()), "ResultItems": items}


def _asked(request: JsonObject) -> list[str]:
    text = request.get("QueryText", "")
    if found := SYNTAX.search(text):
        message = f"QueryText has {found[0]!r}: the local Kendra does not emulate its query syntax"
        raise ServiceError("ValidationException", message)
    return terms(text)[:MAX_TERMS]


def _left(index: Index, request: JsonObject) -> list[Document]:
    for name in NOT_EMULATED:
        if name in request:
            raise ServiceError("ValidationException", f"{name} is not emulated; leave it out")
    documents = sorted(index.documents.values(), key=lambda each: each.id)
    if "AttributeFilter" not in request:
        return documents
    passes = compiled(request["AttributeFilter"], index)
    return [each for each in documents if passes(each)]


def _page(found: list[Any], request: JsonObject) -> list[Any]:
    size = min(request.get("PageSize", DEFAULT_PAGE), MAX_RESULTS)
    start = (request.get("PageNumber", 1) - 1) * size
    if size < 1 or start < 0:
        raise ServiceError("ValidationException", "PageSize and PageNumber must be at least 1")
    return found[:MAX_RESULTS][start : start + size]


def _item(document: Document, index: Index, request: JsonObject, asked: list[str]) -> JsonObject:
    names = request.get("RequestedDocumentAttributes", list(index.fields))
    if unknown := [name for name in names if name not in index.fields]:
        raise ServiceError("ValidationException", f"The attribute {unknown[0]} is not in the index's document metadata")
    shown = [name for name in names if name in document.values and index.fields[name]["Search"]["Displayable"]]
    item: JsonObject = {
        "Id": str(uuid.uuid4()),
        "DocumentId": document.id,
        "DocumentAttributes": [
            {"Key": name, "Value": {KINDS[index.fields[name]["Type"]]: document.values[name]}} for name in shown
        ],
        "ScoreAttributes": {"ScoreConfidence": _confidence(document, asked)},
    }
    return item | ({"DocumentTitle": document.title} if document.title else {})


def _confidence(document: Document, asked: list[str]) -> str:
    if not asked:
        return "NOT_AVAILABLE"
    held = set(terms(f"{document.title} {document.text}"))
    share = sum(word in held for word in set(asked)) / len(set(asked))
    return next(name for least, name in CONFIDENCES if share >= least)


def _facet(index: Index, facet: JsonObject, left: list[Document]) -> JsonObject:
    name = facet.get("DocumentAttributeKey", "")
    field = index.fields.get(name)
    if field is None or not field["Search"]["Facetable"] or "Facets" in facet:
        message = f"{name!r} is not a facetable field of the index, or has facets of its own, which are not emulated"
        raise ServiceError("ValidationException", message)
    kind = KINDS[field["Type"]]
    if kind == "StringListValue":
        raise ServiceError("ValidationException", "Facets of lists are not emulated")
    counts = Counter(each.values[name] for each in left if name in each.values)
    pairs = [
        {"DocumentAttributeValue": {kind: value}, "Count": count}
        for value, count in counts.most_common(facet.get("MaxResults", 10))
    ]
    return {
        "DocumentAttributeKey": name,
        "DocumentAttributeValueType": field["Type"],
        "DocumentAttributeValueCountPairs": pairs,
    }


def _bm25(texts: dict[Any, list[str]], asked: list[str]) -> dict[Any, float]:
    """Return the scores above zero; the statistics are those of the whole index."""
    average = sum(map(len, texts.values())) / max(1, len(texts)) or 1.0
    among: Counter[str] = Counter(term for held in texts.values() for term in set(held))
    scores: dict[Any, float] = {}
    for key, held in texts.items():
        counts = Counter(held)
        score = sum(
            math.log(1 + (len(texts) - among[term] + 0.5) / (among[term] + 0.5))
            * counts[term]
            / (counts[term] + K1 * (1 - B + B * len(held) / average))
            for term in set(asked)
            if term in counts
        )
        if score > 0:
            scores[key] = score
    return scores
