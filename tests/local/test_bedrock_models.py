"""The list of models, and the embeddings of Cohere's."""

from __future__ import annotations

import io
import json
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.shapes import check_answer

pytestmark = pytest.mark.capability("O14")
MODEL = "amazon.nova-lite-v1:0"


def test_models_are_listed_and_described(control: Any, bedrock_url: str) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html
    listed = {one["modelId"]: one for one in control.list_foundation_models()["modelSummaries"]}
    assert listed[MODEL]["outputModalities"] == ["TEXT"]
    assert listed["amazon.titan-embed-text-v2:0"]["outputModalities"] == ["EMBEDDING"]
    described = control.get_foundation_model(modelIdentifier=MODEL)["modelDetails"]
    assert described["providerName"] == "Amazon"
    with pytest.raises(control.exceptions.ResourceNotFoundException):
        control.get_foundation_model(modelIdentifier="amazon.no-such-model")
    with urllib.request.urlopen(f"{bedrock_url}/foundation-models") as response:
        check_answer("bedrock", "ListFoundationModels", json.load(response))


def test_cohere_embeds_many_texts_at_once(runtime: Any) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed-v4.html
    def embed(model: str, **body: Any) -> Any:
        answer = runtime.invoke_model(modelId=model, body=json.dumps({"input_type": "search_document", **body}))
        return json.load(io.BytesIO(answer["body"].read()))

    texts = ["A cat sleeps.", "A dog barks."]
    third = embed("cohere.embed-multilingual-v3", texts=texts)
    assert (third["response_type"], [len(vector) for vector in third["embeddings"]]) == (
        "embeddings_floats",
        [1024] * 2,
    )
    fourth = embed("cohere.embed-v4:0", texts=texts, embedding_types=["float"], output_dimension=256)
    assert [len(vector) for vector in fourth["embeddings"]["float"]] == [256] * 2
    assert len(embed("cohere.embed-v4:0", texts=texts)["embeddings"][0]) == 1536
    for wrong, words in (
        ({"texts": []}, "expected 1 to 96"),
        ({"texts": texts, "input_type": "poem"}, "input_type"),
        ({"texts": texts, "images": []}, "extraneous key"),
        ({"texts": texts, "embedding_types": ["int8"]}, "float only"),
        ({"texts": texts, "truncate": "END"}, "truncate"),
    ):
        with pytest.raises(ClientError, match=words):
            embed("cohere.embed-v4:0", **wrong)


def test_cohere_of_version_3_refuses_what_is_too_long_unless_it_may_cut(runtime: Any) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed-v3.html
    def embed(**body: Any) -> Any:
        body = {"input_type": "search_query", **body}
        return runtime.invoke_model(modelId="cohere.embed-english-v3", body=json.dumps(body))

    many = "a 1 " * 500
    assert embed(texts=[many], truncate="END")["ResponseMetadata"]["HTTPHeaders"][
        "x-amzn-bedrock-input-token-count"
    ] == str(1000)
    for wrong, words in (
        ({"texts": [many]}, "Too many input tokens"),
        ({"texts": [many], "truncate": "START"}, "at their end only"),
        ({"texts": ["a" * 2_049], "truncate": "END"}, "maxLength: 2048"),
        ({"texts": ["a"], "truncate": "RIGHT"}, "truncate"),
    ):
        with pytest.raises(ClientError, match=words):
            embed(**wrong)
