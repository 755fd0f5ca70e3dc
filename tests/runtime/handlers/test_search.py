"""POST /v1/search: OpenAI's page of results, each search, filters, one tenant, errors that name the field.

Source: https://platform.openai.com/docs/api-reference/vector-stores/search
"""

import json

import pytest
from openai.types import VectorStoreSearchResponse

from slipway_runtime.handlers import search

GARDEN = (
    "# Garden guide\n\n## Tomatoes\n\nTomatoes need six hours of sun a day.\n\n## Compost\n\nTurn the heap often.\n"
)
BOILER = "# Boiler\n\nPress the red button of the X200 for ten seconds to reset the boiler.\n"

pytestmark = pytest.mark.capability("R8")


def call(context, body, *, tenant: str = "acme", method: str = "POST") -> tuple[int, dict]:
    event = {
        "httpMethod": method,
        "path": "/v1/search",
        "body": json.dumps(body),
        "requestContext": {"authorizer": {"tenant": tenant}},
    }
    answer = search.handler(event, context)
    return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture
def documents(cloud) -> None:
    cloud.ingest(cloud.put("acme/garden.md", GARDEN), cloud.put("acme/boiler.md", BOILER))


@pytest.mark.parametrize("mode", ["hybrid", "vector", "keyword"])
def test_each_search_finds_the_chunk_and_says_where_it_is(cloud, documents, context, mode: str) -> None:
    status, page = call(context, {"query": "sun for tomatoes", "mode": mode})
    assert status == 200
    assert page["object"] == "vector_store.search_results.page"
    assert page["has_more"] is False
    for result in page["data"]:
        VectorStoreSearchResponse.model_validate(result, strict=True)
    first = page["data"][0]
    text = first["content"][0]["text"]
    assert first["filename"] == "garden.md"
    assert "six hours" in text
    curated = cloud.curated("acme/garden.md")["text"]
    assert curated[first["slipway"]["start"] : first["slipway"]["end"]] == text
    assert (first["score"] > 0.3) == (mode != "keyword")


def test_a_filter_holds_and_the_tenant_cannot_be_chosen(documents, context) -> None:
    wanted = {"type": "eq", "key": "path", "value": "boiler.md"}
    _, page = call(context, {"query": "sun for tomatoes", "filters": wanted})
    assert {result["filename"] for result in page["data"]} == {"boiler.md"}
    _, page = call(context, {"query": "sun for tomatoes"}, tenant="other")
    assert page["data"] == []
    status, body = call(context, {"query": "sun", "filters": {"type": "eq", "key": "tenant", "value": "acme"}})
    assert (status, body["error"]["param"]) == (400, "filters.key")


def test_results_are_limited_and_the_threshold_is_kept(documents, context) -> None:
    _, page = call(context, {"query": "sun for tomatoes", "max_num_results": 1})
    assert len(page["data"]) == 1
    _, page = call(context, {"query": "sun for tomatoes", "ranking_options": {"score_threshold": 0.99}})
    assert page["data"] == []


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"query": " "}, "query"),
        ({"query": "a\x00b"}, "query"),
        ({"max_num_results": 0}, "max_num_results"),
        ({"max_num_results": 31}, "max_num_results"),
        ({"mode": "fuzzy"}, "mode"),
        ({"ranking_options": {"score_threshold": 2}}, "ranking_options.score_threshold"),
        ({"ranking_options": {"ranker": "mine"}}, "ranking_options.ranker"),
        ({"filters": {"type": "and", "filters": [{"type": "eq", "key": "a b", "value": 1}]}}, "filters.filters[0].key"),
        ({"filters": "x"}, "filters"),
    ],
)
def test_what_is_wrong_is_named(cloud, context, change: dict, param: str) -> None:
    status, body = call(context, {"query": "sun"} | change)
    assert (status, body["error"]["param"]) == (400, param)
    assert body["error"]["type"] == "invalid_request_error"


def test_an_unknown_field_is_refused_not_passed_over(cloud, context) -> None:
    status, body = call(context, {"query": "sun", "tenant": "acme"})
    assert status == 400
    assert "tenant" in body["error"]["message"]


def test_another_method_is_not_served(cloud, context) -> None:
    assert call(context, {"query": "sun"}, method="GET")[0] == 405


def test_a_knowledge_base_is_asked_by_name_and_where_there_is_none_that_is_said(documents, context) -> None:
    status, page = call(context, {"query": "sun for tomatoes", "source": "store"})
    assert (status, page["data"][0]["filename"]) == (200, "garden.md")
    status, body = call(context, {"query": "sun", "source": "knowledge_base"})
    assert (status, body["error"]["param"]) == (400, "source")
    assert "retrieval.knowledge_base.enabled" in body["error"]["message"]
    status, body = call(context, {"query": "sun", "source": "web"})
    assert (status, body["error"]["param"]) == (400, "source")
