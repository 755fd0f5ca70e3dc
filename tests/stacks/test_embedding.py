"""The embedding model's settings are checked against the model, and each function may call that model and no other."""

import json
from pathlib import Path
from typing import Any

import pytest

from slipway_runtime.retrieve.embedding import cohere, titan
from slipway_runtime.retrieve.stores.aurora.schema import MAX_DIMENSIONS
from stacks.settings_embedding import MODELS
from stacks.settings_embedding_rules import STORE_DIMENSIONS
from support.settings import errors

pytestmark = pytest.mark.capability("R7")
MINILM = (
    "retrieval: {embedding: {model_id: all-MiniLM-L6-v2, dimensions: 384, "
    "endpoint: {sagemaker_endpoint: Embed-1, max_tokens: 256, tokenizer: bert-uncased, query_prefix: 'q: '}}}\n"
    "ingestion: {chunk_tokens: 160, chunk_parent_characters: 3000}\n"
)
COHERE = "region: eu-west-1\naccount: '123456789012'\nretrieval: {embedding: {model_id: eu.cohere.embed-v4:0}}\n"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("retrieval: {embedding: {dimensions: 768}}", "dimensions: expected 256, 512 or 1024, got 768"),
        ("retrieval: {embedding: {model_id: cohere.embed-english-v3, dimensions: 512}}", "dimensions: expected 1024"),
        ("retrieval: {embedding: {model_id: cohere.embed-v4:0, dimensions: 1536}}", "expected at most 1024, which is"),
        ("retrieval: {embedding: {model_id: amazon.titan-embed-text-v1}}", "model_id: expected one of amazon.titan"),
        (COHERE.replace("eu.", "us."), "model_id: expected a model or inference profile that eu-west-1 can call"),
        ("retrieval: {embedding: {model_id: m, endpoint: {}}}", "endpoint: expected either sagemaker_endpoint or url"),
        (
            "retrieval: {embedding: {endpoint: {sagemaker_endpoint: e}}}",
            "model_id: expected the name of the endpoint's model",
        ),
        (
            "network: {mode: create}\nretrieval: {embedding: {model_id: m, endpoint: {url: 'https://e.example'}}}",
            "endpoint.url: expected a SageMaker endpoint, because the created network has no way out",
        ),
        ("ingestion: {chunk_tokens: 300, chunk_characters: 900}", "chunk_tokens: expected nothing beside"),
        ("ingestion: {chunk_tokens: 300, chunk_overlap_tokens: 200}", "expected at most half of chunk_tokens"),
        ("ingestion: {chunk_overlap_tokens: 20}", "expected at most half of chunk_tokens, which is not set"),
        (MINILM.replace("160", "193"), "chunk_tokens: expected at most 192"),
        (MINILM.replace("chunk_tokens: 160", "chunk_characters: 1200"), "chunk_characters: expected at most 768"),
        (
            "retrieval: {embedding: {model_id: cohere.embed-english-v3}}\ningestion: {chunk_characters: 2000}",
            "chunk_characters: expected at most 1792",
        ),
        ("gateway: {context_max_tokens: 600}\ningestion: {chunk_tokens: 700}", "room for one chunk of 700 tokens"),
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path: Path, content: str, expected: str) -> None:
    assert any(expected in error for error in errors(tmp_path, content))


def test_the_limits_are_those_of_the_runtime() -> None:
    assert STORE_DIMENSIONS["aurora"] == MAX_DIMENSIONS
    limits = {"titan": titan.LIMITS, "v3": cohere.VERSION_3, "v4": cohere.VERSION_4}
    for model_id, known in MODELS.items():
        assert known.max_tokens == next(each.tokens for name, each in limits.items() if name in model_id)


@pytest.mark.parametrize(("part", "module"), [("ingestion", "ingest_document"), ("gateway", "chat")])
def test_an_endpoint_is_named_allowed_and_reached(synthesise: Any, part: str, module: str) -> None:
    templates = synthesise("network: {mode: create}\n" + MINILM)
    variables = templates.function(part, module)["Environment"]["Variables"]
    assert variables["EMBEDDING_MODEL_ID"] == "all-MiniLM-L6-v2"
    assert json.loads(variables["EMBEDDING_ENDPOINT"]) == {
        "sagemaker_endpoint": "Embed-1",
        "max_tokens": 256,
        "tokenizer": "bert-uncased",
        "query_prefix": "q: ",
    }
    policies = json.dumps(templates.of(part, "AWS::IAM::Policy") + templates.of(part, "AWS::IAM::Role"))
    assert "sagemaker:InvokeEndpoint" in policies
    assert ":endpoint/embed-1" in policies
    assert "titan" not in policies
    assert ".sagemaker.runtime" in json.dumps(templates.of("network", "AWS::EC2::VPCEndpoint"))


def test_chunks_in_tokens_reach_the_function(synthesise: Any) -> None:
    variables = synthesise(MINILM).function("ingestion", "ingest_document")["Environment"]["Variables"]
    told = {name: variables[name] for name in variables if name.startswith("CHUNK_")}
    assert told == {
        "CHUNK_MAX_CHARACTERS": "1200",
        "CHUNK_OVERLAP_CHARACTERS": "150",
        "CHUNK_MAX_TOKENS": "160",
        "CHUNK_OVERLAP_TOKENS": "20",
        "CHUNK_PARENT_CHARACTERS": "3000",
    }


def test_an_inference_profile_of_cohere_is_allowed(synthesise: Any) -> None:
    policies = json.dumps(synthesise(COHERE).of("ingestion", "AWS::IAM::Policy"))
    assert "foundation-model/cohere.embed-v4:0" in policies
    assert "inference-profile/eu.cohere.embed-v4:0" in policies
    assert "titan" not in policies
