"""Knowledge bases themselves: moto's take neither S3 Vectors nor any change, and these take every store by name.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_CreateKnowledgeBase.html
"""

from __future__ import annotations

import time

from ...aws import Place
from ...aws_json import JsonObject, ServiceError, validation_error
from .model import Contents, identifier, iso

KEPT = ("name", "description", "roleArn", "knowledgeBaseConfiguration", "storageConfiguration")
STORES = {
    "OPENSEARCH_SERVERLESS": "opensearchServerlessConfiguration",
    "RDS": "rdsConfiguration",
    "S3_VECTORS": "s3VectorsConfiguration",
}


class Bases:
    """The calls that concern knowledge bases, not what is in them."""

    def __init__(self, contents: Contents, place: Place) -> None:
        self._contents, self._place = contents, place

    def one(self, request: JsonObject) -> JsonObject:
        """Return the knowledge base that a request names. Raises: ServiceError."""
        found = self._contents.bases.get(request["knowledgeBaseId"])
        if found is None:
            raise missing(f"Knowledge base with id {request['knowledgeBaseId']}")
        return found

    def create(self, request: JsonObject) -> JsonObject:
        """CreateKnowledgeBase, over one of the three stores that environments have."""
        _check(request)
        if request["name"] in [each["name"] for each in self._contents.bases.values()]:
            raise ServiceError("ConflictException", f"KnowledgeBase with name {request['name']} already exists", 409)
        name = identifier()
        now = iso(time.time())
        made = {
            **{key: request[key] for key in KEPT if key in request},
            "knowledgeBaseId": name,
            "knowledgeBaseArn": self._place.arn("bedrock", f"knowledge-base/{name}"),
            "status": "ACTIVE",
            "createdAt": now,
            "updatedAt": now,
        }
        self._contents.bases[name] = made
        return {"knowledgeBase": made}

    def update(self, request: JsonObject) -> JsonObject:
        """UpdateKnowledgeBase: its store and its model stay what they are."""
        held = self.one(request)
        for fixed in ("knowledgeBaseConfiguration", "storageConfiguration"):
            if fixed in request and request[fixed] != held[fixed]:
                raise validation_error(f"The {fixed} of a knowledge base cannot be changed")
        made = {**held, **{key: request[key] for key in KEPT if key in request}, "updatedAt": iso(time.time())}
        self._contents.bases[held["knowledgeBaseId"]] = made
        return {"knowledgeBase": made}

    def delete(self, request: JsonObject) -> JsonObject:
        """DeleteKnowledgeBase. Raises: ServiceError while it has data sources."""
        name = self.one(request)["knowledgeBaseId"]
        if any(source.knowledge_base == name for source in self._contents.sources.values()):
            raise ServiceError("ConflictException", f"Knowledge base {name} has data sources; delete them first", 409)
        del self._contents.bases[name]
        return {"knowledgeBaseId": name, "status": "DELETING"}

    def list(self, request: JsonObject) -> JsonObject:
        """ListKnowledgeBases, in one page."""
        if "nextToken" in request:
            raise validation_error("nextToken of ListKnowledgeBases is not emulated")
        wanted = ("knowledgeBaseId", "name", "description", "status", "updatedAt")
        shown = [{key: each[key] for key in wanted if key in each} for each in self._contents.bases.values()]
        return {"knowledgeBaseSummaries": shown[: request.get("maxResults", 1000)]}


def missing(what: str) -> ServiceError:
    """Return the error for what is not there."""
    return ServiceError("ResourceNotFoundException", f"{what} does not exist", 404)


def _check(request: JsonObject) -> None:
    if request["knowledgeBaseConfiguration"]["type"] != "VECTOR":
        raise validation_error("The local Bedrock has knowledge bases of type VECTOR alone")
    storage = request.get("storageConfiguration", {})
    kind = storage.get("type")
    if kind not in STORES:
        raise validation_error(f"storageConfiguration.type is {kind}; the local Bedrock takes {', '.join(STORES)}")
    if set(storage) != {"type", STORES[kind]}:
        raise validation_error(f"storageConfiguration of type {kind} must have {STORES[kind]} and no other")
