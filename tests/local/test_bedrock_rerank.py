"""Rerank of the local Bedrock, and the runtime's reranker on it.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Rerank.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from slipway_local.bedrock import BedrockRuntime
from slipway_local.bedrock.rerank import rerank
from slipway_local.faults import Faults
from slipway_local.serving import serve
from slipway_runtime.operate.retry import Backoff, Deadline
from slipway_runtime.retrieve.rerank import NO_RERANKING, Reranker
from slipway_runtime.retrieve.stores.contract import Hit
from support.shapes import check_answer

pytestmark = pytest.mark.capability("R8")
ARN = "arn:aws:bedrock:us-east-1::foundation-model/cohere.rerank-v3-5:0"
TEXTS = [
    "The heap is turned every two weeks.",
    "Tomatoes need six hours of sun a day.",
    "Boilers are reset by a button.",
]
HITS = [
    Hit(chunk_id=str(n), document_id="d", path="p", heading="", page=None, content=text, score=0.4, fused=0.1)
    for n, text in enumerate(TEXTS)
]
THROTTLED = {"operation": "bedrock-agent-runtime.Rerank", "error": "ThrottlingException"}
QUESTION = "How much sun do tomatoes need?"


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[BedrockRuntime, Any, Faults]]:
    app = BedrockRuntime()
    app.embedder.embed(["loads the model"])
    faults = Faults()
    with serve(partial(faults, service=app)) as url:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        config = Config(retries={"total_max_attempts": 1})
        yield (
            app,
            boto3.client("bedrock-agent-runtime", endpoint_url=url, region_name="us-east-1", config=config, **keys),
            faults,
        )


def reranker(client: Any, **changes: Any) -> Reranker:
    backoff = Backoff(base_seconds=0.01, max_attempts=3)
    return Reranker(**({"client": client, "model_arn": ARN, "candidates": 10, "backoff": backoff} | changes))


def test_what_answers_comes_first_with_a_score(served) -> None:
    ranked = reranker(served[1]).rerank(QUESTION, HITS, Deadline.after(30))
    assert ranked[0].chunk_id == "1"
    assert {hit.chunk_id for hit in ranked} == {"0", "1", "2"}
    scores = [hit.fused for hit in ranked]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert {hit.score for hit in ranked} == {0.4}, "the cosine stays what it is"


def test_the_answer_has_the_published_shape(served) -> None:
    request = reranker(served[1])._request(QUESTION, HITS)
    answer = rerank(served[0].embedder, request)
    check_answer("bedrock-agent-runtime", "Rerank", answer)
    assert len(answer["results"]) == len(served[1].rerank(**request)["results"]) == 3


def test_throttling_is_tried_again_and_then_the_order_stays(served) -> None:
    _, client, faults = served
    faults.add({**THROTTLED, "times": 1})
    assert reranker(client).rerank(QUESTION, HITS, Deadline.after(30))[0].chunk_id == "1"
    faults.add(THROTTLED)
    assert reranker(client).rerank(QUESTION, HITS, Deadline.after(30)) == HITS
    faults.clear()


def test_what_fails_or_is_off_leaves_the_order(served) -> None:
    wrong = ARN.replace("cohere.rerank", "nobody.rerank")
    assert reranker(served[1], model_arn=wrong).rerank(QUESTION, HITS, Deadline.after(30)) == HITS
    assert reranker(served[1]).rerank(QUESTION, HITS, Deadline.after(-1)) == HITS
    assert NO_RERANKING.rerank(QUESTION, HITS, Deadline.after(30)) == HITS


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nextToken": "x"}, "nextToken"),
        ({"sources": [{"type": "INLINE", "inlineDocumentSource": {"type": "JSON", "jsonDocument": {}}}]}, "JSON"),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(served, change: dict[str, Any], said: str) -> None:
    request = reranker(served[1])._request(QUESTION, HITS) | change
    if "sources" in change:
        request["rerankingConfiguration"]["bedrockRerankingConfiguration"]["numberOfResults"] = 1
    with pytest.raises(ClientError, match=said) as caught:
        served[1].rerank(**request)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_more_results_than_sources_are_refused(served) -> None:
    request = reranker(served[1])._request(QUESTION, HITS)
    request["rerankingConfiguration"]["bedrockRerankingConfiguration"]["numberOfResults"] = 9
    with pytest.raises(ClientError, match="only 3 sources"):
        served[1].rerank(**request)
