"""What a question is refused with: parameters, tenants, models, and services that do not answer."""

import json

import pytest

from runtime.handlers.conftest import forget, put_routes
from slipway_runtime.handlers import chat
from support.chat import GARDEN, ask, call

USER = [{"role": "user", "content": "x"}]


CALL = {"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
CALLED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
OTHER = {"type": "function", "function": {"name": "other"}}


MISSING = "missing_required_parameter"


@pytest.mark.capability("S7")
@pytest.mark.parametrize(
    ("body", "status", "param", "code"),
    [
        ("{not json", 400, None, "invalid_json"),
        ("", 400, None, "invalid_json"),
        (None, 400, None, "invalid_json"),
        ("[]", 400, None, "invalid_type"),
        ('"text"', 400, None, "invalid_type"),
        ("\ud800", 400, None, "invalid_json"),
        ("[" * 100_000, 400, None, "invalid_type"),
        ('{"unknown":' * 80_000, 400, None, "invalid_json"),
        ({"messages": USER}, 400, "model", "missing_required_parameter"),
        ({"model": "default"}, 400, "messages", "missing_required_parameter"),
        (ask("x", model="gpt-9"), 404, "model", "model_not_found"),
        (ask("x", model=7), 400, "model", "invalid_type"),
        (ask("x", messages=[]), 400, "messages", "empty_array"),
        (ask("x", messages="hello"), 400, "messages", "invalid_type"),
        (ask("x", messages=[{"role": "user"}]), 400, "messages[0].content", "missing_required_parameter"),
        (ask("x", messages=[{"role": "robot", "content": "x"}]), 400, "messages[0].role", "invalid_value"),
        (ask("x", messages=[{"role": "user", "content": 5}]), 400, "messages[0].content", "invalid_type"),
        (ask(" "), 400, "messages[0].content", "invalid_value"),
        (ask("a\x00b"), 400, "messages[0].content", "invalid_value"),
        (ask("x", messages=[*USER, {"role": "assistant", "content": "y"}]), 400, "messages[1].role", "invalid_value"),
        (ask("x", messages=USER * 201), 400, "messages", "invalid_value"),
        (ask("x", messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]), 400, None, None),
        (ask("x", stream=True, n=3), 400, "n", "unsupported_value"),
        (ask("x", stream_options={"include_usage": True}), 400, "stream_options", "invalid_value"),
        (ask("x", slipway={"document": True}), 400, "slipway", "invalid_type"),
        (ask("x", seed=7), 400, "seed", "unsupported_parameter"),
        (ask("x", model="fast", seed=7), 400, "seed", "unsupported_parameter"),
        (
            ask("x", model="fast", messages=[{"role": "tool", "content": "x", "tool_call_id": "no"}]),
            400,
            "messages[0].tool_call_id",
            "invalid_value",
        ),
        (ask("x", model="fast", tools=[TOOL, TOOL]), 400, "tools", "invalid_value"),
        (ask("x", model="fast", tools=[TOOL], tool_choice="none"), 400, "tool_choice", "unsupported_parameter"),
        (ask("x", model="fast", tools=[TOOL], tool_choice=OTHER), 400, "tool_choice", "invalid_value"),
        (ask("x", model="fast", response_format={"type": "json_schema"}), 400, "response_format.json_schema", MISSING),
        (ask("x", stream="yes"), 400, "stream", "invalid_type"),
        (ask("x", n=2), 400, "n", "unsupported_value"),
        (ask("x", tools=[{"type": "function"}]), 400, "tools[0].function", MISSING),
        (ask("x", tools=[TOOL]), 400, "tools", "unsupported_parameter"),
        (ask("x", tool_choice="required"), 400, "tool_choice", "invalid_value"),
        (ask("x", functions=[{"name": "f"}]), 400, "functions", "unsupported_parameter"),
        (ask("x", model="fast", reasoning_effort="high"), 400, "reasoning_effort", "unsupported_parameter"),
        (ask("x", model="fast", top_k=5), 400, "top_k", "unsupported_parameter"),
        (ask("x", model="fast", min_p=0.1), 400, "min_p", "unsupported_parameter"),
        (ask("x", model="fast", repetition_penalty=1.2), 400, "repetition_penalty", "unsupported_parameter"),
        (ask("x", messages=[USER[0] | {"name": "ann"}]), 400, "messages.name", "invalid_value"),
        (ask("x", model="fast", messages=[USER[0] | {"name": "ann"}]), 400, "messages.name", "unsupported_parameter"),
        (ask("x", function_call={"name": "f"}), 400, "function_call", "unsupported_parameter"),
        (ask("x", logprobs=True), 400, "logprobs", "unsupported_parameter"),
        (ask("x", top_logprobs=2), 400, "top_logprobs", "unsupported_parameter"),
        (ask("x", logit_bias={"50256": -100}), 400, "logit_bias", "unsupported_parameter"),
        (ask("x", presence_penalty=0.5), 400, "presence_penalty", "unsupported_parameter"),
        (ask("x", frequency_penalty=-1), 400, "frequency_penalty", "unsupported_parameter"),
        (ask("x", modalities=["text", "audio"]), 400, "modalities", "unsupported_parameter"),
        (ask("x", verbosity="high"), 400, "verbosity", "unsupported_parameter"),
        (ask("x", web_search_options={}), 400, "web_search_options", "unsupported_parameter"),
        (ask("x", messages=[CALLED, *USER]), 400, "tools", "unsupported_parameter"),
        (ask("x", messages=[{"role": "system", "content": "x"}]), 400, "messages[0].role", "invalid_value"),
        (ask("x", messages=[{"role": "user", "content": None}]), 400, "messages[0].content", MISSING),
        (ask("x", response_format={"type": "json_object"}), 400, "response_format", "unsupported_value"),
        (ask("x", temperature=3), 400, "temperature", "invalid_value"),
        (ask("x", temperature="hot"), 400, "temperature", "invalid_type"),
        (ask("x", top_p=-1), 400, "top_p", "invalid_value"),
        (ask("x", max_tokens=0), 400, "max_tokens", "invalid_value"),
        (ask("x", stop=["a"] * 5), 400, "stop", "invalid_value"),
        (ask("x" * 1_100_000), 413, "messages", "request_too_large"),
    ],
)
def test_bad_requests_are_refused_by_parameter(cloud, context, body, status: int, param: str | None, code: str) -> None:
    got, answer, _ = call(context, body)
    error = answer["error"]
    assert got == status
    assert error["type"] == "invalid_request_error"
    assert error["message"]
    if code is not None:
        assert (error["param"], error["code"]) == (param, code)
    assert cloud.bedrock.calls == 0


def test_a_request_without_a_tenant_is_never_answered(cloud, context) -> None:
    event = {"httpMethod": "POST", "path": "/", "body": json.dumps(ask("x", tenant="acme")), "requestContext": {}}
    assert chat.handler(event, context)["statusCode"] == 500


def test_a_model_id_that_bedrock_does_not_know_is_said_so(cloud, context, monkeypatch) -> None:
    cloud.ingest(cloud.put("acme/garden.md", GARDEN))
    put_routes({"default": {"grounded": True, "routes": [{"bedrock": "no.such-model"}]}})
    forget()
    status, body, _ = call(context, ask("How many hours of sun do tomatoes need?"))
    assert (status, body["error"]["code"], body["error"]["param"]) == (404, "model_not_found", "model")
    assert "no.such-model" in body["error"]["message"]


def test_a_database_that_does_not_resume_in_time_is_a_503_with_retry_after(cloud, context, served_data_api) -> None:
    served_data_api.pause(4.0)
    context.seconds = 4
    status, body, headers = call(context, ask("x"))
    assert (status, body["error"]["code"], headers["retry-after"]) == (503, "store_unavailable", "10")
    served_data_api.pause(0.5)
    context.seconds = 60
    assert call(context, ask("x"))[0] == 200


def test_throttled_models_are_a_429(cloud, context) -> None:
    cloud.ingest(cloud.put("acme/garden.md", GARDEN))
    cloud.throttle("Converse")
    context.seconds = 8
    status, body, headers = call(context, ask("How many hours of sun do tomatoes need?"))
    assert (status, body["error"]["type"], headers["retry-after"]) == (429, "rate_limit_error", "2")


def test_an_unexpected_error_is_a_500_without_details_and_logs_hold_no_question(
    cloud, context, monkeypatch, logged
) -> None:
    cloud.ingest(cloud.put("acme/garden.md", GARDEN))
    call(context, ask("How many hours of private sun do tomatoes need?"))
    monkeypatch.setenv("RETRIEVE_TOP_K", "not a number: private")
    forget()
    status, body, _ = call(context, ask("private"))
    assert (status, body["error"]["code"], body["error"]["type"]) == (500, "internal_error", "server_error")
    text = logged()
    assert "ValueError" in text
    assert "answered" in text
    for private in ("private", "tomatoes", "Tomatoes"):
        assert private not in text + json.dumps(body)
