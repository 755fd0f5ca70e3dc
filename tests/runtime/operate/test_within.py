"""A model that does not answer costs the time that is left and no more."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from slipway_local.serving import serve
from slipway_runtime.generate.backends.bedrock import Bedrock
from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.models import RoutedModel, Sampling, Turn
from slipway_runtime.generate.routes.router import Router
from slipway_runtime.generate.routes.table import Alias, Route
from slipway_runtime.handlers.unexpected import as_api_error
from slipway_runtime.operate.retry import Deadline, within
from slipway_runtime.retrieve.embed import Embedder, EmbeddingError
from slipway_runtime.retrieve.embedding.choose import bedrock_model


@pytest.fixture
def stalled(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A Bedrock that takes requests and answers none before the test is over."""
    import boto3

    over = threading.Event()

    def app(_environ: Any, start_response: Any) -> list[bytes]:
        over.wait(30)
        start_response("503 late", [("content-length", "0")])
        return [b""]

    with serve(app) as url:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        yield boto3.client("bedrock-runtime", endpoint_url=url, **keys)
        over.set()


@pytest.mark.capability("S7")
def test_a_stalled_model_is_a_504_at_the_deadline(stalled) -> None:
    router = Router(backend=lambda route: Bedrock(client=stalled, model_id=route.bedrock))
    model = RoutedModel(router=router, name="default", alias=Alias(routes=(Route(bedrock="anthropic.claude-x"),)))
    began = time.monotonic()
    with pytest.raises(ApiError) as caught:
        model.converse("rules", [Turn("user", "q")], Sampling(), Deadline.after(0.3))
    assert time.monotonic() - began < 5
    assert (caught.value.status, caught.value.code) == (504, "model_timeout")


def test_a_stalled_embedding_is_a_504_at_the_deadline(stalled) -> None:
    embedder = Embedder(model=bedrock_model(stalled, "amazon.titan-x", 2))
    began = time.monotonic()
    with pytest.raises(EmbeddingError) as caught:
        embedder.embed(["q"], Deadline.after(0.3))
    assert time.monotonic() - began < 5
    assert caught.value.transient
    assert (as_api_error(caught.value).status, as_api_error(caught.value).code) == (504, "embedding_timeout")


def test_results_and_errors_in_time_pass_through() -> None:
    assert within(lambda: 5, Deadline.after(5)) == 5
    with pytest.raises(KeyError, match="x"):
        within(lambda: {}["x"], Deadline.after(5))


def test_nothing_is_begun_after_the_deadline() -> None:
    begun: list[int] = []
    with pytest.raises(TimeoutError):
        within(lambda: begun.append(1), Deadline.after(0))
    assert begun == []
