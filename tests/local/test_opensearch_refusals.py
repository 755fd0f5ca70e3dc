"""What OpenSearch Serverless refuses is refused here, in its words.

https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-genref.html (Supported operations),
.../serverless-clients.html (signing), .../serverless-vector-search.html (no ids of one's own, hybrid search)
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from slipway_runtime.retrieve.stores.opensearch import index
from support.opensearch import REGION, LocalOpenSearch, local_opensearch

pytestmark = pytest.mark.capability("R2")
LOCAL = Credentials("local", "local")
Answer = tuple[int, dict[str, Any]]


class Endpoint:
    """A collection with the product's index, asked by hand."""

    def __init__(self, served: LocalOpenSearch) -> None:
        self.url = served.collection()["collectionEndpoint"]
        assert self.ask("PUT", "chunks", index.body(2, index.Hnsw()))[0] == 200

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        sign: dict[str, str] | None = None,
        after: dict[str, str] | None = None,
        credentials: Credentials = LOCAL,
        service: str = "aoss",
    ) -> Answer:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = {"X-Amz-Content-SHA256": hashlib.sha256(content).hexdigest(), "Content-Type": "application/json"}
        request = AWSRequest(method=method, url=f"{self.url}/{path}", data=content, headers=headers | (sign or {}))
        SigV4Auth(credentials, service, REGION).add_auth(request)
        for name, value in (after or {}).items():
            del request.headers[name]
            request.headers[name] = value
        response = URLLib3Session().send(request.prepare())
        return response.status_code, dict(json.loads(response.content or b"{}"))


@pytest.fixture(scope="module")
def served() -> Iterator[LocalOpenSearch]:
    with local_opensearch() as found:
        yield found


@pytest.fixture(scope="module")
def endpoint(served: LocalOpenSearch) -> Endpoint:
    return Endpoint(served)


def test_a_signed_request_is_served(endpoint: Endpoint) -> None:
    status, answer = endpoint.ask("GET", "chunks/_mapping")
    assert status == 200
    assert answer["chunks"]["mappings"]["properties"]["embedding"]["dimension"] == 2


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sign": {"Content-Length": "2"}, "body": b"{}"}, "content-length"),
        ({"after": {"X-Amz-Content-SHA256": "0" * 64}}, "hash of the body"),
        ({"after": {"X-Amz-Date": "20200101T000000Z"}}, "signature"),
        ({"credentials": Credentials("local", "wrong")}, "signature"),
        ({"credentials": Credentials("AKIAUNKNOWN", "local")}, "security token"),
    ],
)
def test_a_request_that_is_signed_wrongly_is_forbidden(endpoint: Endpoint, changed: dict[str, Any], said: str) -> None:
    status, answer = endpoint.ask("POST", "chunks/_count", **changed)
    assert (status, said in answer["error"]["reason"]) == (403, True), answer


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("PUT", "chunks/_doc/mine", 400, "Document ID is not supported"),
        ("PUT", "chunks/_create/mine", 400, "Document ID is not supported"),
        ("POST", "chunks/_create/mine", 400, "Document ID is not supported"),
        ("POST", "chunks/_update/mine", 400, "no updates by document id"),
        ("POST", "chunks/_delete_by_query", 404, "search for the ids"),
        ("POST", "chunks/_update_by_query", 404, "index the documents anew"),
        ("POST", "chunks/_refresh", 404, "next refresh"),
        ("POST", "_reindex", 404, "not among the operations"),
        ("POST", "chunks/_count?refresh=true", 400, "unrecognized parameter: [refresh]"),
        ("GET", "absent/_mapping", 404, "no such index"),
    ],
)
def test_operations_that_vector_collections_lack_are_refused(
    endpoint: Endpoint, method: str, path: str, status: int, said: str
) -> None:
    found, answer = endpoint.ask(method, path, {})
    assert (found, said in answer["error"]["reason"]) == (status, True), answer


def test_ids_of_ones_own_are_refused_in_bulk_too(endpoint: Endpoint) -> None:
    lines = b'{"index":{"_id":"mine"}}\n{"tenant":"acme"}\n'
    status, answer = endpoint.ask("POST", "chunks/_bulk", lines)
    assert (status, answer["error"]["reason"]) == (
        400, "Document ID is not supported in create/index operation request"
    )  # fmt: skip


def test_rank_fusion_by_a_pipeline_is_refused(endpoint: Endpoint) -> None:
    ranker = {"phase_results_processors": [{"score-ranker-processor": {"combination": {"technique": "rrf"}}}]}
    status, answer = endpoint.ask("PUT", "_search/pipeline/fuse", ranker)
    assert (status, "score-ranker-processor" in answer["error"]["reason"]) == (400, True)
    assert endpoint.ask("POST", "chunks/_search", {"search_pipeline": "fuse"})[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        {"query": {"fuzzy": {"tenant": "acme"}}},
        {"query": {"term": {"tenant": {"value": "acme", "boost": 2}}}},
        {"query": {"bool": {"must": [], "mustnot": []}}},
        {"query": {"knn": {"embedding": {"vector": [1, 0], "k": 1, "exact": True}}}},
        {"query": {"knn": {"embedding": {"vector": [1, 0, 0], "k": 1}}}},
        {"query": {"term": {"nowhere": "x"}}},
        {"query": {"match": {"content": "not indexed"}}},
        {"query": {"match_all": {}}, "aggs": {}},
        {"size": 10_001},
    ],
)
def test_what_a_search_may_hold_is_closed(endpoint: Endpoint, body: dict[str, Any]) -> None:
    status, answer = endpoint.ask("POST", "chunks/_search", body)
    assert (status, bool(answer["error"]["reason"])) == (400, True)


def test_a_document_that_the_mapping_does_not_know_is_refused_and_the_others_are_taken(endpoint: Endpoint) -> None:
    documents = [{"tenant": "a"}, {"unknown": 1}, {"claim": "one"}, {"embedding": [1.0]}]
    lines = b"".join(b'{"index":{}}\n' + json.dumps(each).encode() + b"\n" for each in documents)
    status, answer = endpoint.ask("POST", "chunks/_bulk", lines)
    found = [each["index"]["status"] for each in answer["items"]]
    assert (status, answer["errors"], found) == (200, True, [201, 400, 400, 400])
    assert "Expected: 2, Given: 1" in answer["items"][3]["index"]["error"]["reason"]


@pytest.mark.parametrize(
    "changed",
    [
        {"engine": "nmslib"},
        {"name": "ivf"},
        {"parameters": {"m": 16, "M": 16}},
        {"space_type": "hamming"},
    ],
)
def test_a_graph_that_there_is_not_makes_no_index(endpoint: Endpoint, changed: dict[str, Any]) -> None:
    body = index.body(2, index.Hnsw())
    body["mappings"]["properties"]["embedding"]["method"] |= changed
    assert endpoint.ask("PUT", "other", body)[0] == 400


def test_a_collection_needs_its_encryption_policy_first(served: LocalOpenSearch) -> None:
    """https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-encryption.html"""
    client = served.client("opensearchserverless")
    with pytest.raises(client.exceptions.ValidationException, match="No matching security policy of encryption type"):
        client.create_collection(name="without", type="VECTORSEARCH")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "x" * 33}, "name"),
        ({"name": "Upper"}, "name"),
        ({"policy": "[]]"}, "Policy json is invalid"),
        ({"policy": '[{"Rules": [], "Principal": []}]'}, "needs Rules and Principal"),
        (
            {"policy": '[{"Rules": [{"ResourceType": "index", "Resource": ["collection/a"], "Permission": []}]}]'},
            "begin",
        ),
    ],
)
def test_a_data_access_policy_is_checked(served: LocalOpenSearch, changed: dict[str, str], said: str) -> None:
    make: Any = boto3.client
    client = make(
        "opensearchserverless", endpoint_url=served.endpoint_url, region_name=REGION, aws_access_key_id="local",
        aws_secret_access_key="local",
    )  # fmt: skip
    given = {"name": "reader", "type": "data", "policy": "[]", **changed}
    with pytest.raises(client.exceptions.ValidationException, match=said):
        client.create_access_policy(**given)
