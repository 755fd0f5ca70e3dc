"""Converse: what Bedrock refuses, the answer's shape, and translation to an OpenAI-compatible server and back."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from slipway_local.bedrock import BedrockRuntime
from slipway_local.serving import serve

pytestmark = pytest.mark.capability("O14")

MODEL = "anthropic.claude-haiku-4-5-20251001-v1:0"


def turn(role: str, *texts: str) -> dict:
    return {"role": role, "content": [{"text": text} for text in texts]}


@pytest.mark.parametrize(
    ("messages", "words"),
    # https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-call.html
    [
        ([], "must start with a user message"),
        ([turn("assistant", "hi")], "must start with a user message"),
        ([turn("user", "a"), turn("user", "b")], "must alternate between user and assistant"),
        ([turn("user", " \n")], "at messages.0.content.0 is blank"),
        ([turn("user", "a"), turn("assistant", "b"), turn("user", "c", "")], "at messages.2.content.1 is blank"),
        ([turn("user")], "at messages.0 is empty"),
    ],
)
def test_conversations_that_bedrock_refuses_are_refused(bedrock, messages: list, words: str) -> None:
    with pytest.raises(ClientError, match=words) as error:
        bedrock.converse(modelId=MODEL, messages=messages)
    assert error.value.response["Error"]["Code"] == "ValidationException"


def test_content_that_is_not_emulated_is_refused_in_words(bedrock) -> None:
    document = {"document": {"format": "txt", "name": "note", "source": {"bytes": b"x"}}}
    with pytest.raises(ClientError, match="understands text and images only"):
        bedrock.converse(modelId=MODEL, messages=[{"role": "user", "content": [document]}])
    with pytest.raises(ClientError, match="no InvokeModel for text models"):
        bedrock.invoke_model(modelId=MODEL, body=b"{}")
    with pytest.raises(ClientError, match="doesn't support the model"):
        bedrock.converse(modelId="amazon.titan-embed-text-v2:0", messages=[turn("user", "hi")])


@pytest.mark.parametrize(
    ("identifier", "known"),
    [
        (MODEL, True),
        (f"eu.{MODEL}", True),
        (f"arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.{MODEL}", True),
        (f"arn:aws:bedrock:eu-west-1::foundation-model/{MODEL}", True),
        (f"mars.{MODEL}", False),
        (MODEL.replace("haiku", "limerick"), False),
    ],
)
def test_identifiers_profiles_and_arns_of_known_models_are_accepted(bedrock, identifier: str, known: bool) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
    if known:
        assert bedrock.converse(modelId=identifier, messages=[turn("user", "hi")])["stopReason"] == "end_turn"
        return
    with pytest.raises(ClientError, match="The provided model identifier is invalid") as error:
        bedrock.converse(modelId=identifier, messages=[turn("user", "hi")])
    assert error.value.response["Error"]["Code"] == "ValidationException"


def test_the_answer_has_usage_and_latency_and_tokens_can_be_counted(bedrock) -> None:
    messages = [turn("user", "one two three")]
    response = bedrock.converse(modelId=MODEL, messages=messages)
    usage = response["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]
    assert response["metrics"]["latencyMs"] >= 0
    counted = bedrock.count_tokens(modelId=MODEL, input={"converse": {"messages": messages}})
    assert counted["inputTokens"] == usage["inputTokens"] == 3


def completion(text: str, finish: str, **choice: object) -> dict:
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish, **choice}], "usage": usage}


def test_a_conversation_is_translated_and_its_answer_back(model, through) -> None:
    # https://platform.openai.com/docs/api-reference/chat/create
    handler, _ = model
    handler.answer = (200, completion("Four.", "stop"))
    response = through.converse(
        modelId=MODEL,
        system=[{"text": "Be brief."}, {"text": "Be kind."}],
        messages=[turn("user", "2+2?"), turn("assistant", "5"), turn("user", "Sure?", "Really?")],
        inferenceConfig={"maxTokens": 9, "temperature": 0.0, "topP": 0.5, "stopSequences": ["END"]},
    )
    assert response["output"]["message"] == {"role": "assistant", "content": [{"text": "Four."}]}
    assert response["usage"] == {"inputTokens": 11, "outputTokens": 5, "totalTokens": 16}
    assert response["stopReason"] == "end_turn"
    path, body, key = handler.asked[0]
    assert (path, key, body.pop("model"), body.pop("stream")) == (
        "/v1/chat/completions",
        "Bearer k3y",
        "tiny-model",
        False,
    )
    assert body == {
        "messages": [
            {"role": "system", "content": "Be brief.\nBe kind."},
            {"role": "user", "content": "2+2?"},
            {"role": "assistant", "content": "5"},
            {"role": "user", "content": "Sure?\nReally?"},
        ],
        "max_tokens": 9,
        "temperature": 0.0,
        "top_p": 0.5,
        "stop": ["END"],
    }


@pytest.mark.parametrize(
    ("finish", "choice", "reason"),
    [
        ("stop", {}, "end_turn"),
        ("length", {}, "max_tokens"),
        ("content_filter", {}, "content_filtered"),
        ("stop", {"stop_reason": "END"}, "stop_sequence"),
    ],
)
def test_stop_reasons_are_translated(model, through, finish: str, choice: dict, reason: str) -> None:
    model[0].answer = (200, completion("x", finish, **choice))
    config = {"stopSequences": ["END"]}
    response = through.converse(modelId=MODEL, messages=[turn("user", "hi")], inferenceConfig=config)
    assert response["stopReason"] == reason


@pytest.mark.parametrize(
    ("answer", "expected", "status"),
    # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, Errors
    [
        ((429, {"error": {"message": "slow down"}}), "ThrottlingException", 429),
        ((400, {"error": {"message": "too long"}}), "ValidationException", 400),
        ((500, b"broken"), "ServiceUnavailableException", 503),
        ((503, b"loading"), "ServiceUnavailableException", 503),
        ((401, b"who?"), "ModelErrorException", 424),
        ((200, b"<html>"), "ModelErrorException", 424),
        ((200, {"choices": []}), "ModelErrorException", 424),
    ],
)
def test_the_servers_errors_become_bedrocks(model, through, answer, expected: str, status: int) -> None:
    model[0].answer = answer
    with pytest.raises(ClientError) as error:
        through.converse(modelId=MODEL, messages=[turn("user", "hi")])
    assert error.value.response["Error"]["Code"] == expected
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_server_that_is_not_there_is_named(make_client) -> None:
    words = r"http://localhost:9/v1 cannot be reached .* Is it running\?"
    with serve(BedrockRuntime(model_url="http://localhost:9/v1", model_name="m")) as url:
        client = make_client("bedrock-runtime", url)
        with pytest.raises(ClientError, match=words) as error:
            client.converse(modelId=MODEL, messages=[turn("user", "hi")])
    assert error.value.response["Error"]["Code"] == "ModelErrorException"
    with pytest.raises(ValueError, match="must begin with http"):
        BedrockRuntime(model_url="file:///etc/passwd")
