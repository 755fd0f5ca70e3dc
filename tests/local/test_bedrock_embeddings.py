"""InvokeModel of Titan's embeddings: shapes, meaning, limits, many callers."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from botocore.exceptions import ClientError

from slipway_local.bedrock.embedder import Embedder

pytestmark = pytest.mark.capability("O14")

MODEL = "amazon.titan-embed-text-v2:0"


@pytest.fixture
def invoke(bedrock):
    def invoke(model: str = MODEL, **body):
        response = bedrock.invoke_model(modelId=model, body=json.dumps(body))
        return json.load(response["body"])

    return invoke


def message(error: pytest.ExceptionInfo[ClientError]) -> str:
    assert error.value.response["Error"]["Code"] == "ValidationException"
    return error.value.response["Error"]["Message"]


@pytest.mark.parametrize("size", [256, 512, 1024])
def test_vectors_have_the_size_asked_for_and_unit_length(invoke, size: int) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html
    answer = invoke(inputText="A pump moves water.", dimensions=size, normalize=True)
    assert len(answer["embedding"]) == size
    assert np.linalg.norm(answer["embedding"]) == pytest.approx(1, abs=1e-5)
    assert answer["embeddingsByType"] == {"float": answer["embedding"]}
    assert answer["inputTextTokenCount"] == 5


def test_the_default_is_1024_values_and_binary_is_the_sign(invoke) -> None:
    answer = invoke(inputText="A pump moves water.", embeddingTypes=["float", "binary"])
    assert len(answer["embedding"]) == 1024
    assert answer["embeddingsByType"]["binary"] == [int(value > 0) for value in answer["embedding"]]


def test_meaning_orders_the_cosines_at_every_size(invoke) -> None:
    texts = ("A cat sleeps on the sofa.", "A kitten naps on the couch.", "The central bank raised interest rates.")
    cosines = {}
    for size in (256, 512, 1024):
        cat, kitten, bank = (np.array(invoke(inputText=text, dimensions=size)["embedding"]) for text in texts)
        cosines[size] = (cat @ kitten, cat @ bank)
        assert cosines[size][0] > cosines[size][1] + 0.4
    assert cosines[512] == pytest.approx(cosines[1024], abs=1e-6), "padding keeps the cosine"
    assert cosines[256] == pytest.approx(cosines[1024], abs=0.12), "the projection nearly does"


def test_the_network_agrees_with_the_published_model() -> None:
    # The sentences and their cosines, computed with torch, as published: https://www.sbert.net/docs/quickstart.html
    sentences = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
    weather, sunny, stadium = Embedder(workers=1).embed(sentences)
    assert weather @ sunny == pytest.approx(0.6660, abs=2e-3)
    assert weather @ stadium == pytest.approx(0.1046, abs=2e-3)
    assert sunny @ stadium == pytest.approx(0.1411, abs=2e-3)


def test_a_batch_gives_what_each_text_gives_alone() -> None:
    texts = ["One.", "Two words and a few more of them. " * 20, "x" * 3000, "größer", " "]
    alone = [Embedder(workers=1).embed([text])[0] for text in texts]
    together = Embedder(workers=2).embed([*texts, texts[0]])
    for single, batched in zip([*alone, alone[0]], together, strict=True):
        np.testing.assert_allclose(single, batched, atol=2e-6)


def test_many_callers_at_once_get_their_own_vectors(invoke) -> None:
    texts = [f"Document number {n} is about topic {n % 7}." for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda text: invoke(inputText=text, dimensions=512)["embedding"], texts))
    for text, answer in zip(texts, answers, strict=True):
        assert answer == invoke(inputText=text, dimensions=512)["embedding"]
    assert len({tuple(answer) for answer in answers}) == len(texts)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"inputText": ""}, "expected minLength: 1, actual: 0"),
        ({"inputText": "x" * 50_001}, "expected maxLength: 50000, actual: 50001"),
        (
            {"inputText": "a b " * 5000},
            "Too many input tokens. Max input tokens: 8192, request input token count: 10000",
        ),
        ({"inputText": "x", "dimensions": 300}, "300 is not a valid enum value"),
        ({"inputText": "x", "normalise": True}, "extraneous key [normalise] is not permitted"),
        ({"inputText": "x", "normalize": 1}, "#/normalize"),
        ({"inputText": "x", "embeddingTypes": ["int8"]}, "#/embeddingTypes"),
        ({}, "required key [inputText] not found"),
        ({"inputText": ["x"]}, "required key [inputText] not found"),
    ],
)
def test_input_beyond_the_models_limits_is_refused(bedrock, body: dict, words: str) -> None:
    # 8,192 tokens, 50,000 characters: https://docs.aws.amazon.com/bedrock/latest/userguide/titan-embedding-models.html
    with pytest.raises(ClientError) as error:
        bedrock.invoke_model(modelId=MODEL, body=json.dumps(body))
    assert words in message(error)


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'"text"'])
def test_malformed_json_is_refused(bedrock, body: bytes) -> None:
    with pytest.raises(ClientError) as error:
        bedrock.invoke_model(modelId=MODEL, body=io.BytesIO(body))
    assert message(error).startswith("Malformed input request")


@pytest.mark.parametrize("model", ["amazon.titan-embed-text-v9:0", "nonsense", "us.nonsense.model-v1:0"])
def test_an_unknown_model_is_refused(bedrock, model: str) -> None:
    with pytest.raises(ClientError) as error:
        bedrock.invoke_model(modelId=model, body=b"{}")
    assert message(error) == "The provided model identifier is invalid."
