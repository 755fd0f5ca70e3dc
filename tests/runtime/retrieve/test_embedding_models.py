"""Every embedding model behind one protocol: batches in order, busy models waited for, tokens counted."""

import json
import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_local.bedrock import BedrockRuntime
from slipway_local.faults import Faults
from slipway_local.serving import serve
from slipway_runtime import parts, settings
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import measure_embedding_tokens
from slipway_runtime.operate.retry import Backoff, Deadline
from slipway_runtime.prepare.document import PreparedDocument
from slipway_runtime.retrieve.chunk import Chunk
from slipway_runtime.retrieve.context import embedding_text
from slipway_runtime.retrieve.embed import Embedder, EmbeddingError, batches
from slipway_runtime.retrieve.embedding.choose import bedrock_model
from slipway_runtime.retrieve.embedding.endpoint import Endpoint, address, sagemaker
from slipway_runtime.retrieve.embedding.model import Limits
from support.tei import Tei

pytestmark = pytest.mark.capability("R7")
TEXTS = [f"Document number {number} is about subject {number % 7}." for number in range(200)]
QUICK = Backoff(base_seconds=0.001, cap_seconds=0.002)


class Recording(BedrockRuntime):
    """The local Bedrock, which keeps the requests."""

    bodies: list[dict[str, Any]]

    def _call(self, operation: str, model: str, body: bytes, began: float) -> Any:
        self.bodies.append(json.loads(body))
        return super()._call(operation, model, body, began)


@pytest.fixture(scope="module")
def faults() -> Faults:
    return Faults()


@pytest.fixture(scope="module")
def bedrock(faults: Faults) -> Iterator[tuple[Recording, str]]:
    app = Recording()
    with serve(partial(faults, service=app)) as url:
        yield app, url


@pytest.fixture
def runtime(bedrock: Any) -> Any:
    app, url = bedrock
    app.bodies = []
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    return boto3.client("bedrock-runtime", endpoint_url=url, **keys)


def soon() -> Deadline:
    return Deadline.after(120)


@pytest.mark.parametrize(
    ("model_id", "dimensions"),
    [
        ("cohere.embed-english-v3", 1024),
        ("cohere.embed-v4:0", 256),
        ("eu.cohere.embed-v4:0", 1536),
        ("amazon.titan-embed-text-v2:0", 512),
    ],
)
def test_models_of_bedrock_give_unit_vectors_in_order(
    bedrock: Any, faults: Faults, runtime: Any, model_id: str, dimensions: int
) -> None:
    spent: list[tuple[str, int]] = []
    embedder = Embedder(
        model=bedrock_model(runtime, model_id, dimensions), meter=lambda *said: spent.append(said), backoff=QUICK
    )
    faults.add({"operation": "bedrock-runtime.InvokeModel", "error": "ThrottlingException", "times": 2})
    vectors = embedder.embed(TEXTS, soon())
    assert [len(vector) for vector in vectors] == [dimensions] * len(TEXTS)
    assert all(math.isclose(math.hypot(*vector), 1, abs_tol=1e-3) for vector in vectors)
    [alone] = embedder.embed([TEXTS[150]], soon())
    assert alone == pytest.approx(vectors[150], abs=1e-5)
    assert {model for model, _ in spent} == {model_id}
    assert spent[0][1] == sum(map(bedrock[0].embedder.count_tokens, TEXTS))


def test_cohere_is_asked_by_96_and_told_what_the_texts_are_for(bedrock: Any, runtime: Any) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed-v3.html
    embedder = Embedder(model=bedrock_model(runtime, "cohere.embed-multilingual-v3", 1024), concurrency=1)
    embedder.embed(TEXTS, soon())
    embedder.embed(["What is it about?"], soon(), "query")
    asked = bedrock[0].bodies
    assert [len(body["texts"]) for body in asked] == [96, 96, 8, 1]
    assert [body["input_type"] for body in asked] == ["search_document"] * 3 + ["search_query"]
    assert {body["truncate"] for body in asked} == {"END"}


def test_of_a_long_question_the_end_is_embedded(bedrock: Any, runtime: Any) -> None:
    embedder = Embedder(model=bedrock_model(runtime, "cohere.embed-english-v3", 1024))
    embedder.embed(["word " * 2_000 + "How much sun?"], soon(), "query")
    [body] = bedrock[0].bodies
    assert body["texts"][0].endswith("How much sun?")
    assert len(body["texts"][0]) <= 2_048


@pytest.fixture
def tei() -> Iterator[tuple[Tei, str]]:
    app = Tei(batch=16)
    with serve(app) as url:
        yield app, url


@pytest.mark.parametrize("kind", ["url", "sagemaker"])
def test_an_endpoint_embeds_in_its_batches_and_is_waited_for(tei: Any, kind: str) -> None:
    app, url = tei
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    post = (
        address(url) if kind == "url" else sagemaker(boto3.client("sagemaker-runtime", endpoint_url=url, **keys), "e")
    )
    model = Endpoint(
        post=post, model_id="m", dimensions=384, max_tokens=256, batch=16, tokenizer_name="bert-uncased",
        document_prefix="passage: ", query_prefix="query: ",
    )  # fmt: skip
    spent: list[tuple[str, int]] = []
    app.busy = 3
    embedder = Embedder(model=model, meter=lambda *said: spent.append(said), backoff=QUICK, concurrency=1)
    vectors = embedder.embed(TEXTS[:40], soon())
    [query] = embedder.embed(["x " * 400 + "end?"], soon(), "query")
    assert [len(vector) for vector in [*vectors, query]] == [384] * 41
    served = app.requests[3:]
    assert [len(body["inputs"]) for body in served] == [16, 16, 8, 1]
    assert served[0]["inputs"][0] == f"passage: {TEXTS[0]}"
    assert served[-1]["inputs"][0].startswith("query: x x")
    assert served[-1]["inputs"][0].endswith("end?")
    assert spent[0] == ("m", sum(map(app.embedder.count_tokens, TEXTS[:40])))


@pytest.mark.parametrize(("kind", "code"), [("url", "HTTP 413"), ("sagemaker", "ModelError 413")])
def test_what_an_endpoint_refuses_is_not_tried_again(tei: Any, kind: str, code: str) -> None:
    app, url = tei
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    post = (
        address(url) if kind == "url" else sagemaker(boto3.client("sagemaker-runtime", endpoint_url=url, **keys), "e")
    )
    embedder = Embedder(model=Endpoint(post=post, model_id="m", dimensions=384, max_tokens=256, batch=64))
    with pytest.raises(EmbeddingError) as caught:
        embedder.embed(TEXTS[:40], soon())
    assert (caught.value.code, caught.value.transient) == (code, False)
    assert len(app.requests) == 1


def test_an_endpoint_that_is_down_is_transient() -> None:
    model = Endpoint(post=address("http://127.0.0.1:9"), model_id="m", dimensions=2, max_tokens=256, batch=8)
    with pytest.raises(EmbeddingError) as caught:
        Embedder(model=model, backoff=Backoff(max_attempts=2, base_seconds=0.001)).embed(["a"], soon())
    assert caught.value.transient


@given(st.lists(st.text(max_size=80), max_size=60), st.integers(1, 20), st.integers(10, 500))
def test_batches_keep_order_and_limits(texts: list[str], most: int, size: int) -> None:
    found = list(batches(texts, Limits(texts=most, request_bytes=size, characters=100, tokens=100)))
    assert [text for batch in found for text in batch] == texts
    for batch in found:
        assert 1 <= len(batch) <= most
        assert len(batch) == 1 or sum(len(json.dumps(text)) - 2 for text in batch if text.isprintable()) <= size


@given(st.text(max_size=900), st.text(max_size=900), st.text(min_size=1, max_size=600))
def test_title_and_description_leave_the_content_whole_within_the_models_tokens(
    title: str, about: str, content: str
) -> None:
    model = Endpoint(
        post=lambda body: body, model_id="m", dimensions=2, max_tokens=256, batch=8, tokenizer_name="bert-uncased"
    )
    document = PreparedDocument(text=content, title=title, description=about, media_type="text/plain")
    piece = Chunk(ordinal=0, start=0, end=len(content), content=content, heading="H", page=None)
    text = embedding_text(document, piece, model)
    assert text.endswith(f"\n\n{content}")
    if (own := model.tokenizer.count(content)) <= 200:
        assert model.tokenizer.count(text) <= 256 - 2
        assert own <= 200


def test_the_description_is_embedded_with_the_chunk() -> None:
    document = PreparedDocument(text="c", title="T", description="About heat.", media_type="text/plain")
    piece = Chunk(ordinal=0, start=0, end=1, content="c", heading="A > B", page=None)
    model = bedrock_model(None, "amazon.titan-embed-text-v2:0", 256)
    assert embedding_text(document, piece, model) == "T > A > B\nAbout heat.\n\nc"


def test_the_variables_choose_the_endpoint(monkeypatch: pytest.MonkeyPatch, tei: Any) -> None:
    client.cache_clear()
    app, url = tei
    monkeypatch.setenv("EMBEDDING_MODEL_ID", "MiniLM")
    monkeypatch.setenv("EMBEDDING_DIMENSIONS", "384")
    given = {"url": url, "max_tokens": 256, "tokenizer": "bert-uncased", "query_prefix": "q: "}
    monkeypatch.setenv("EMBEDDING_ENDPOINT", json.dumps(given))
    [vector] = parts.embedder().embed(["hello"], soon(), "query")
    assert (len(vector), app.requests[0]["inputs"]) == (384, ["q: hello"])
    monkeypatch.setenv("EMBEDDING_ENDPOINT", json.dumps({"url": url, "sagemaker_endpoint": "e"}))
    with pytest.raises(settings.MissingSetting, match="either"):
        parts.embedder()


def test_tokens_are_a_metric_by_model(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_ENVIRONMENT", "dev")
    measure_embedding_tokens("cohere.embed-v4:0", 1234)
    line = json.loads(capsys.readouterr().out)
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert {"environment", "model"} <= set(directive["Dimensions"][0])
    assert (line["model"], line["environment"], line["EmbeddingTokens"]) == ("cohere.embed-v4:0", "dev", [1234])
