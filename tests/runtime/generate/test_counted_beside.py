"""Calls beside an answer are counted in the exchange that they are made for: embeddings of the cache, summaries."""

import functools
import json
from typing import Any

import boto3
import pytest
from moto import mock_aws

from slipway_runtime import parts_of_exchange, parts_of_memory
from slipway_runtime.generate.conversation import Message, ModelRequest
from slipway_runtime.generate.exchange import Exchange
from slipway_runtime.generate.models import Sampling, Turn
from slipway_runtime.generate.routes.table import Alias, Route
from slipway_runtime.operate import clients
from slipway_runtime.operate.retry import Deadline
from support.model_server import model_server

pytestmark = pytest.mark.capability("O7")
SETTINGS = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "CACHE_TABLE": "cache",
    "CACHE_SECONDS": "60",
    "CACHE_THRESHOLD": "0.9",
    "DOCUMENTS_TABLE": "documents",
    "EMBEDDING_MODEL_ID": "amazon.titan-embed-text-v2:0",
    "EMBEDDING_DIMENSIONS": "256",
    "CONVERSATIONS_TABLE": "conversations",
    "CONVERSATIONS_MAX_TOKENS": "100",
    "CONVERSATIONS_SUMMARY_ALIAS": "short",
    "ROUTES_PARAMETER": "/routes",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    cached: list[functools._lru_cache_wrapper[Any]] = [clients.client, clients.session, parts_of_exchange.router]
    for each in cached:
        each.cache_clear()
    with mock_aws():
        yield
    for each in cached:
        each.cache_clear()


@pytest.fixture
def exchange() -> Exchange:
    """The exchange that is answered."""
    request, alias = ModelRequest(messages=(Message("user", "q"),)), Alias(routes=(Route(bedrock="m"),))
    made = Exchange(tenant="t", user="u", name="x", alias=alias, request=request, deadline=Deadline.after(9))
    list(parts_of_exchange.begun(made, lambda _exchange: iter(())))
    return made


def test_what_the_cache_embeds(exchange: Exchange) -> None:
    semantic: Any = getattr(parts_of_memory.cache(), "semantic")  # noqa: B009 - a step says no more of itself
    semantic.embedder().meter("amazon.titan-embed-text-v2:0", 5)
    assert exchange.facts.embedding_tokens == 5


def test_what_a_summary_reads_and_writes_by_its_own_route(exchange: Exchange) -> None:
    with model_server() as model:
        target = {"url": model.url, "model": "tiny"}
        routes = json.dumps({"short": {"routes": [{"openai": target}]}})
        boto3.client("ssm", "us-east-1").put_parameter(Name="/routes", Value=routes, Type="String")
        writer = parts_of_memory._summariser(exchange.facts.spent)
        writer.converse("Summarise.", [Turn("user", "all of it")], Sampling(), Deadline.after(9))
        route = f"openai:{model.url.split('://')[1]}#tiny"
    assert exchange.facts.beside == {route: (7, 3)}
