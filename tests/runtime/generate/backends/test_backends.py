"""Backends: each protocol in, the same events out, and each failure as one of ours."""

import json
import threading
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config

from slipway_local.bedrock import BedrockRuntime
from slipway_local.bedrock.stream import frame
from slipway_local.functions.streaming_api import event_message
from slipway_local.serving import serve
from slipway_runtime.generate.backends.bedrock import Bedrock
from slipway_runtime.generate.backends.lines import lines
from slipway_runtime.generate.backends.openai_compatible import OpenAiCompatible
from slipway_runtime.generate.backends.sagemaker import SageMaker
from slipway_runtime.generate.conversation import JsonFormat, Message, ModelRequest, Sampling, Tool, ToolCall
from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.events import Collected, Finish, TextDelta, ToolCallDelta, collect
from support.model_server import model_server

pytestmark = pytest.mark.capability("S6")
QUESTION = (Message("system", "be brief"), Message("user", "The lamp burns forty hours."))
LOOK = Tool("look", "looks", {"type": "object", "properties": {"q": {"type": "string"}}})
KEYS = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}


def client(service: str, url: str) -> Any:
    return boto3.client(service, endpoint_url=url, config=Config(retries={"total_max_attempts": 1}), **KEYS)


def asked(streamed: bool, **more: Any) -> ModelRequest:
    return ModelRequest(messages=QUESTION, sampling=Sampling(max_tokens=50), streamed=streamed, **more)


@pytest.fixture(scope="module")
def bedrock() -> Any:
    with serve(BedrockRuntime()) as url:
        yield Bedrock(client=client("bedrock-runtime", url), model_id="anthropic.claude-sonnet-4-5-20250929-v1:0")


@pytest.mark.parametrize("streamed", [False, True])
def test_bedrock_answers_calls_tools_and_writes_json(bedrock: Any, streamed: bool) -> None:
    """https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html"""
    events = list(bedrock.stream(asked(streamed)))
    assert collect(events).output_tokens > 0
    assert (sum(isinstance(event, TextDelta) for event in events) > 5) is streamed
    called = collect(bedrock.stream(asked(streamed, tools=(LOOK,), tool_choice="required", forced="look")))
    assert called.finish_reason == "tool_calls"
    assert called.calls[0].name == "look"
    assert json.loads(called.calls[0].arguments) == {"q": "The lamp burns forty hours."}
    written = collect(bedrock.stream(asked(streamed, format=JsonFormat(LOOK.parameters))))
    assert (written.finish_reason, json.loads(written.text)) == ("stop", {"q": "The lamp burns forty hours."})
    history = (
        *QUESTION,
        Message("assistant", "", (ToolCall("id1", "look", "{}"),)),
        Message("tool", "forty", (), "id1"),
    )
    answered = collect(bedrock.stream(ModelRequest(messages=history, tools=(LOOK,), streamed=streamed)))
    assert answered.finish_reason == "stop"


def test_what_converse_cannot_do_is_refused_by_name(bedrock: Any) -> None:
    refusals = [
        bedrock.refuses(ModelRequest(messages=QUESTION, sampling=Sampling(seed=1))),
        bedrock.refuses(asked(False, tools=(LOOK,), tool_choice="none")),
        bedrock.refuses(asked(False, tools=(LOOK,), format=JsonFormat())),
        bedrock.refuses(asked(False, format=JsonFormat({"type": "array"}))),
    ]
    assert [each.param for each in refusals] == ["seed", "tool_choice", "response_format", "response_format"]
    assert bedrock.refuses(asked(True)) is None


def scripted(frames: list[bytes], content_type: str = "application/vnd.amazon.eventstream") -> Any:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start_response("200 OK", [("content-type", content_type)])
        return frames

    return serve(app)


def test_a_bedrock_stream_that_breaks_off_or_fails_is_an_error() -> None:
    text = frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "half"}})
    with scripted([text]) as url, pytest.raises(ApiError) as caught:
        collect(Bedrock(client=client("bedrock-runtime", url), model_id="m").stream(asked(True)))
    assert caught.value.code == "model_stream_cut"


PAYLOADS: dict[str, list[bytes]] = {
    "openai": [
        b'data: {"choices":[{"delta":{"content":"On',
        b'e"}}]}\n\ndata: {"choices":[{"delta":{"content":" two"},"finish_reason":"length"}]}\n',
        b'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\ndata: [DONE]\n\n',
    ],
    "lmi": [
        b'{"token": {"id": 1, "text": "One"}}\n{"token": {"id": 2, "te',
        b'xt": " two"}, "generated_text": "One two", "details": {"finish_reason": "length", "generated_tokens": 2}}\n',
    ],
    "tgi": [
        b'data:{"token":{"text":"One","special":false}}\n\ndata:{"token":{"text":" two"},"generated_text":"One two",',
        b'"details":{"finish_reason":"length","generated_tokens":2}}\n\n',
    ],
}


@pytest.mark.parametrize("schema", PAYLOADS)
def test_sagemaker_streams_by_its_containers_schema(schema: str) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointWithResponseStream.html"""
    parts = [event_message("PayloadPart", "application/octet-stream", part) for part in PAYLOADS[schema]]
    with scripted(parts) as url:
        spoken = "openai" if schema == "openai" else "lmi"
        endpoint = SageMaker(client=client("sagemaker-runtime", url), endpoint="mine", schema=spoken)
        whole = collect(endpoint.stream(asked(True)))
    assert (whole.text, whole.finish_reason, whole.output_tokens) == ("One two", "length", 2)


@pytest.mark.parametrize("schema", PAYLOADS)
def test_a_sagemaker_stream_cut_short_is_an_error(schema: str) -> None:
    parts = [event_message("PayloadPart", "application/octet-stream", PAYLOADS[schema][0])]
    with scripted(parts) as url, pytest.raises(ApiError) as caught:
        spoken = "openai" if schema == "openai" else "lmi"
        collect(SageMaker(client=client("sagemaker-runtime", url), endpoint="e", schema=spoken).stream(asked(True)))
    assert caught.value.status == 502


def test_what_sagemaker_is_asked_has_botocores_shape() -> None:
    bodies: list[dict[str, Any]] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        bodies.append(json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))))
        assert environ["HTTP_X_AMZN_SAGEMAKER_INFERENCE_COMPONENT"] == "part"
        assert environ["PATH_INFO"] == "/endpoints/mine/invocations"
        start_response("200 OK", [("content-type", "application/json")])
        return [b'[{"generated_text": "One two", "details": {"finish_reason": "eos_token", "generated_tokens": 2}}]']

    shape = botocore.session.get_session().get_service_model("sagemaker-runtime").operation_model("InvokeEndpoint")
    assert {"EndpointName", "Body", "ContentType", "InferenceComponentName"} <= set(shape.input_shape.members)
    with serve(app) as url:
        endpoint = SageMaker(client=client("sagemaker-runtime", url), endpoint="mine", schema="lmi", component="part")
        whole = collect(endpoint.stream(asked(False)))
    assert (whole.text, whole.finish_reason) == ("One two", "stop")
    assert bodies[0]["inputs"].endswith("<|im_end|>\n<|im_start|>assistant\n")
    assert bodies[0]["parameters"]["max_new_tokens"] == 50
    assert endpoint.refuses(asked(False, tools=(LOOK,))).param == "tools"


# Source: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html
ASLEEP = "Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress."


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        ({"Code": "ModelError", "original": 429}, 429, "rate_limit_exceeded"),
        ({"Code": "ModelError", "original": 503}, 503, "model_unavailable"),
        ({"Code": "ModelError", "original": 400}, 400, "refused_by_model"),
        ({"Code": "ValidationError"}, 404, "model_not_found"),
        ({"Code": "ValidationError", "Message": ASLEEP}, 503, "model_unavailable"),
        ({"Code": "AccessDeniedException"}, 500, "model_access_denied"),
        ({"Code": "ServiceUnavailable"}, 503, "model_unavailable"),
        ({"Code": "Odd"}, 500, "model_error"),
    ],
)
def test_sagemakers_errors_are_openais(error: dict[str, Any], status: int, code: str) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        headers = [("x-amzn-errortype", error["Code"]), ("content-type", "application/json")]
        start_response("424 x", headers)
        message = error.get("Message", "private")
        return [json.dumps({"Message": message, "OriginalStatusCode": error.get("original")}).encode()]

    with serve(app) as url, pytest.raises(ApiError) as caught:
        collect(SageMaker(client=client("sagemaker-runtime", url), endpoint="mine").stream(asked(False)))
    assert (caught.value.status, caught.value.code) == (status, code)
    assert "private" not in caught.value.message


@pytest.mark.parametrize("streamed", [False, True])
def test_a_server_is_asked_in_openais_words(streamed: bool) -> None:
    with model_server() as model:
        server = OpenAiCompatible(url=model.url, model="tiny", key=lambda: "secret", extra={"top_k": 5})
        request = asked(
            streamed, tools=(LOOK,), forced="look", tool_choice="required", format=JsonFormat({"type": "x"})
        )
        whole = collect(server.stream(request))
        assert (whole.text, whole.finish_reason, whole.input_tokens, whole.output_tokens) == (
            "One two three",
            "stop",
            7,
            3,
        )
        body = model.asked[0]
        assert model.keys == ["Bearer secret"]
    assert body["tool_choice"] == {"type": "function", "function": {"name": "look"}}
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": {"type": "x"}},
    }
    assert (body["model"], body["top_k"], body["max_tokens"]) == ("tiny", 5, 50)
    assert ("stream" in body) is streamed


def test_a_word_arrives_before_the_server_has_finished() -> None:
    with model_server() as model:
        model.gate = threading.Event()
        events = OpenAiCompatible(url=model.url, model="tiny").stream(asked(True))
        assert next(events) == TextDelta("One")
        assert not model.finished.is_set()
        model.gate.set()
        assert list(events)[2] == Finish("stop")


@pytest.mark.parametrize(
    ("status", "raw", "expected"),
    [
        (429, None, (429, "rate_limit_exceeded")),
        (503, None, (503, "model_unavailable")),
        (401, None, (500, "model_access_denied")),
        (404, None, (404, "model_not_found")),
        (400, b"maximum context length", (400, "context_length_exceeded")),
        (400, b"private", (400, "refused_by_model")),
        (418, None, (500, "model_error")),
        (302, None, (500, "model_error")),
        (200, b"<html>", (502, "model_malformed")),
        (200, b"{}", (502, "model_malformed")),
        (200, b"\xff", (502, "model_malformed")),
    ],
)
def test_a_servers_errors_are_openais(status: int, raw: bytes | None, expected: tuple[int, str]) -> None:
    with model_server() as model:
        model.status, model.raw = status, raw
        with pytest.raises(ApiError) as caught:
            collect(OpenAiCompatible(url=model.url, model="tiny").stream(asked(False)))
    assert (caught.value.status, caught.value.code) == expected
    assert "private" not in caught.value.message


def test_a_cut_stream_and_a_server_that_is_not_there_are_errors() -> None:
    with model_server() as model:
        model.cut_after = 2
        whole = Collected()
        with pytest.raises(ApiError) as caught:
            for event in OpenAiCompatible(url=model.url, model="tiny").stream(asked(True)):
                whole.add(event)
    assert (caught.value.code, whole.whole().text) == ("model_stream_cut", "One two")
    with pytest.raises(ApiError) as caught:
        collect(OpenAiCompatible(url="http://127.0.0.1:9/v1", model="tiny").stream(asked(True)))
    assert caught.value.code == "model_unavailable"


def test_calls_of_tools_come_in_pieces() -> None:
    from slipway_runtime.generate.backends.openai_schema import events_of_stream

    def line(calls: list[dict[str, Any]], reason: str | None = None) -> bytes:
        return b"data: " + json.dumps({"choices": [{"delta": {"tool_calls": calls}, "finish_reason": reason}]}).encode()

    told = [
        line([{"index": 0, "id": "c1", "function": {"name": "look", "arguments": ""}}]),
        line([{"index": 0, "function": {"arguments": '{"q":'}}]),
        line([{"index": 0, "function": {"arguments": "1}"}}], "tool_calls"),
    ]
    events = list(events_of_stream(told))
    assert events[0] == ToolCallDelta(0, "c1", "look", "")
    assert collect(events).calls[0] == ToolCall("c1", "look", '{"q":1}')


def test_lines_are_put_together_from_any_pieces() -> None:
    assert list(lines([b"a\r", b"\nb", b"\n\nc"])) == [b"a", b"b", b"", b"c"]
