"""The operations of a collection's endpoint, and the refusal of every other.

Source: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-genref.html (Supported
operations: neither delete nor update by query; _create, _update and PUT _doc/<id> for collections of type SEARCH only)
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from slipway_local.opensearch.errors import OpenSearchError, closed, illegal, unparsed
from slipway_local.opensearch.index import Document, Index
from slipway_local.opensearch.mapping import checked_index, checked_properties
from slipway_local.opensearch.query import Scores, Search

MAX_BYTES = 10 * 1024**2
MAX_WINDOW = 10_000
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,254}")
NO_IDS = "Document ID is not supported in create/index operation request"
# What OpenSearch has and vector search collections have not, with the remedy.
ABSENT = {
    "_create": NO_IDS,
    "_update": "vector search collections take no updates by document id: index the document anew, delete the old one",
    "_delete_by_query": "not supported by OpenSearch Serverless: search for the ids, and delete them with _bulk",
    "_update_by_query": "not supported by OpenSearch Serverless: index the documents anew",
    "_refresh": "not supported by OpenSearch Serverless: what is written is found after the next refresh",
}
Answer = tuple[int, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a client asks of a collection. `path` has no leading slash."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body. Raises: OpenSearchError if it is no JSON."""
        try:
            return json.loads(self.body or b"{}")
        except ValueError as error:
            raise unparsed(f"the body is no JSON: {error}") from error


class DataPlane:
    """The indexes of one collection."""

    def __init__(self, refresh_seconds: Callable[[], float]) -> None:
        self.indexes: dict[str, Index] = {}
        self._refresh_seconds = refresh_seconds
        self._operations: dict[tuple[str, str], Callable[[str, Request], Answer]] = {
            ("PUT", ""): self._create_index,
            ("GET", "_mapping"): lambda name, _: (200, {name: {"mappings": self._index(name).body["mappings"]}}),
            ("PUT", "_mapping"): self._extend,
            ("DELETE", ""): self._delete_index,
            ("POST", "_bulk"): self._bulk,
            ("POST", "_count"): self._count,
            ("POST", "_search"): self._search,
        }

    def serve(self, request: Request) -> Answer:
        """Return status and answer. Raises: OpenSearchError."""
        if request.query:
            # Of the parameters the service takes `timeout` at most, and neither `refresh` nor `routing`.
            raise illegal(f"request [/{request.path}] contains unrecognized parameter: [{next(iter(request.query))}]")
        name, _, operation = request.path.partition("/")
        if name == "_search" and operation.startswith("pipeline"):
            raise _pipeline(request)
        if len(request.body) > MAX_BYTES:
            raise OpenSearchError(413, "request_entity_too_large", f"the request is larger than {MAX_BYTES} bytes")
        serve = self._operations.get((request.method, operation))
        if serve is None or name.startswith("_"):
            raise _unsupported(request, name, operation)
        return serve(name, request)

    def permission(self, request: Request) -> str:
        """Return what a data access policy has to allow."""
        operation = request.path.partition("/")[2]
        return {
            ("PUT", ""): "aoss:CreateIndex",
            ("DELETE", ""): "aoss:DeleteIndex",
            ("GET", "_mapping"): "aoss:DescribeIndex",
            ("PUT", "_mapping"): "aoss:UpdateIndex",
            ("POST", "_bulk"): "aoss:WriteDocument",
        }.get((request.method, operation), "aoss:ReadDocument")

    def _index(self, name: str) -> Index:
        if name not in self.indexes:
            raise OpenSearchError(404, "index_not_found_exception", f"no such index [{name}]")
        return self.indexes[name]

    def _create_index(self, name: str, request: Request) -> Answer:
        if not NAME.fullmatch(name):
            raise OpenSearchError(400, "invalid_index_name_exception", f"Invalid index name [{name}]")
        body = request.json()
        checked_index(body)
        if name in self.indexes:
            raise OpenSearchError(400, "resource_already_exists_exception", f"index [{name}] already exists")
        self.indexes[name] = Index(body, self._refresh_seconds)
        return 200, {"acknowledged": True, "shards_acknowledged": True, "index": name}

    def _extend(self, name: str, request: Request) -> Answer:
        given = closed(request.json(), "put_mapping", {"properties"}, {"properties"})["properties"]
        held = self._index(name).properties
        if changed := [field for field, each in given.items() if held.get(field, each) != each]:
            raise illegal(f"Mapper for [{changed[0]}] conflicts with existing mapper")
        held.update(checked_properties({**held, **given}))
        return 200, {"acknowledged": True}

    def _delete_index(self, name: str, request: Request) -> Answer:
        self._index(name)
        del self.indexes[name]
        return 200, {"acknowledged": True}

    def _bulk(self, name: str, request: Request) -> Answer:
        index, items = self._index(name), []
        if not request.body.endswith(b"\n"):
            raise illegal("The bulk request must be terminated by a newline [\\n]")
        lines = iter(request.body.splitlines())
        for line in lines:
            ((action, given),) = closed(json.loads(line), "bulk", {"index", "create", "update", "delete"}).items()
            closed(given, action, {"_id", "_index"})
            source = json.loads(next(lines)) if action != "delete" else None
            try:
                items.append({action: _write(index, action, given.get("_id"), source)})
            except OpenSearchError as error:
                if error.reason == NO_IDS:
                    raise
                items.append({action: {"status": error.status, "error": error.body()["error"]}})
        errors = any("error" in next(iter(each.values())) for each in items)
        return 200, {"took": 1, "errors": errors, "items": items}

    def _count(self, name: str, request: Request) -> Answer:
        body = closed(request.json(), "count", {"query"})
        found = Search(self._index(name)).run(body.get("query", {"match_all": {}}))
        return 200, {"count": len(found), "_shards": {"total": 1, "successful": 1, "skipped": 0, "failed": 0}}

    def _search(self, name: str, request: Request) -> Answer:
        body = request.json()
        if isinstance(body, dict) and "search_pipeline" in body:
            raise _pipeline(request)
        closed(body, "search", {"size", "query", "_source", "sort"})
        size = body.get("size", 10)
        if not isinstance(size, int) or not 0 <= size <= MAX_WINDOW:
            raise illegal(f"Result window is too large, size must be less than or equal to: [{MAX_WINDOW}]")
        search = Search(self._index(name))
        found = search.run(body.get("query", {"match_all": {}}))
        order = _sorted(found, search.documents, body.get("sort"))
        hits = [_hit(name, search.documents[id], score, body.get("_source", True)) for id, score in order[:size]]
        total = {"value": len(found), "relation": "eq"}
        best = order[0][1] if order else None
        return 200, {"took": 1, "timed_out": False, "hits": {"total": total, "max_score": best, "hits": hits}}


def _write(index: Index, action: str, id: str | None, source: Any) -> dict[str, Any]:
    if action == "delete":
        gone = index.remove(str(id))
        return {"_id": id, "result": "deleted" if gone else "not_found", "status": 200 if gone else 404}
    if action == "update":
        raise illegal(ABSENT["_update"])
    if id is not None:
        raise illegal(NO_IDS)
    return {"_id": index.add(source), "result": "created", "status": 201}


def _sorted(found: Scores, documents: dict[str, Document], order: Any) -> list[tuple[str, float | None]]:
    if order is None:
        return [(id, found[id]) for id in sorted(found, key=lambda id: -found[id])]
    if not isinstance(order, list) or len(order) != 1 or not isinstance(order[0], dict) or len(order[0]) != 1:
        raise unparsed("[sort] the local cloud sorts by one field, as {field: asc or desc}")
    ((field, direction),) = order[0].items()
    if direction not in ("asc", "desc"):
        raise unparsed(f"[sort] unknown direction [{direction}]")
    known = [id for id in found if documents[id].values(field)]
    known.sort(key=lambda id: documents[id].values(field)[0], reverse=direction == "desc")
    return [(id, None) for id in [*known, *(id for id in found if not documents[id].values(field))]]


def _hit(index: str, document: Document, score: float | None, wanted: Any) -> dict[str, Any]:
    if not isinstance(wanted, bool | list):
        raise unparsed("[_source] the local cloud takes true, false or a list of fields")
    source = {name: value for name, value in document.source.items() if wanted is True or (wanted and name in wanted)}
    return {"_index": index, "_id": document.id, "_score": score, **({} if wanted is False else {"_source": source})}


def _pipeline(request: Request) -> OpenSearchError:
    processors = request.json().get("phase_results_processors", []) if request.method == "PUT" else []
    if any("score-ranker-processor" in each for each in processors):
        return illegal("Invalid processor type score-ranker-processor: OpenSearch Serverless has min_max and l2 only")
    return illegal("the local cloud has no search pipelines; fuse the results on your side")


def _unsupported(request: Request, name: str, operation: str) -> OpenSearchError:
    first = (operation or name).partition("/")[0]
    if first == "_doc":
        id = operation.partition("/")[2]
        reason = NO_IDS if id else "the local cloud takes documents by _bulk only"
        return illegal(reason)
    status = 400 if first in ("_create", "_update") else 404
    reason = ABSENT.get(first, "not among the operations that the local cloud emulates")
    return OpenSearchError(status, "illegal_argument_exception", f"{request.method} /{request.path}: {reason}")
