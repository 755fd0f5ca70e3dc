"""Converse in, OpenAI's words out; Bedrock's errors become errors that the openai client knows."""

import pytest

from slipway_runtime.generate.backends.bedrock import Bedrock
from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.models import RoutedModel, Sampling, Turn
from slipway_runtime.generate.routes.router import Router
from slipway_runtime.generate.routes.table import Alias, Route, Table
from slipway_runtime.operate.retry import Deadline

ALIAS = Alias(routes=(Route(bedrock="anthropic.claude-x", max_tokens=500),))


def reply(stop: str = "end_turn") -> tuple[int, str, dict]:
    message = {"role": "assistant", "content": [{"text": "Yes"}, {"text": " [1]."}]}
    usage = {"inputTokens": 11, "outputTokens": 4, "totalTokens": 15}
    return 200, "", {"output": {"message": message}, "stopReason": stop, "usage": usage, "metrics": {"latencyMs": 5}}


def model(client) -> RoutedModel:
    backend = Bedrock(client=client, model_id="anthropic.claude-x")
    router = Router(backend=lambda _route: backend, sleep=lambda _seconds: None)
    return RoutedModel(router=router, name="default", alias=ALIAS)


def ask(client, sampling: Sampling | None = None):
    return model(client).converse("rules", [Turn("user", "q")], sampling or Sampling(), Deadline.after(30))


def test_the_request_and_the_reply(scripted_bedrock) -> None:
    scripted_bedrock.app.script = [reply()]
    sampling = Sampling(max_tokens=9_000, temperature=0.1, top_p=0.9, stop=("END",))
    answer = ask(scripted_bedrock.client, sampling)
    assert (answer.text, answer.finish_reason, answer.input_tokens, answer.output_tokens) == ("Yes [1].", "stop", 11, 4)
    path, body = scripted_bedrock.app.requests[0]
    assert path == "/model/anthropic.claude-x/converse"
    assert body == {
        "system": [{"text": "rules"}],
        "messages": [{"role": "user", "content": [{"text": "q"}]}],
        "inferenceConfig": {"maxTokens": 500, "temperature": 0.1, "topP": 0.9, "stopSequences": ["END"]},
    }


@pytest.mark.parametrize(
    ("stop", "reason"),
    [("max_tokens", "length"), ("guardrail_intervened", "content_filter"), ("stop_sequence", "stop")],
)
def test_stop_reasons(scripted_bedrock, stop: str, reason: str) -> None:
    scripted_bedrock.app.script = [reply(stop)]
    assert ask(scripted_bedrock.client).finish_reason == reason


def test_throttling_is_tried_again(scripted_bedrock) -> None:
    scripted_bedrock.app.script = [(429, "ThrottlingException", {"message": "slow"}), reply()]
    assert ask(scripted_bedrock.client).text == "Yes [1]."
    assert len(scripted_bedrock.app.requests) == 2


@pytest.mark.capability("S7")
@pytest.mark.parametrize(
    ("status", "error", "message", "expected"),
    [
        (429, "ThrottlingException", "Too many tokens", (429, "rate_limit_exceeded", None)),
        (400, "ValidationException", "The provided model identifier is invalid.", (404, "model_not_found", "model")),
        (404, "ResourceNotFoundException", "end of life", (404, "model_not_found", "model")),
        (400, "ValidationException", "Input is too long", (400, "context_length_exceeded", "messages")),
        (403, "AccessDeniedException", "no access", (500, "model_access_denied", None)),
        (503, "ServiceUnavailableException", "busy", (503, "model_unavailable", None)),
        (408, "ModelTimeoutException", "slow", (503, "model_unavailable", None)),
        (400, "ValidationException", "something else", (500, "model_error", None)),
    ],
)
def test_errors_are_openais(scripted_bedrock, status: int, error: str, message: str, expected: tuple) -> None:
    scripted_bedrock.app.script = [(status, error, {"message": message})]
    with pytest.raises(ApiError) as caught:
        ask(scripted_bedrock.client)
    assert (caught.value.status, caught.value.code, caught.value.param) == expected
    assert "something else" not in caught.value.message


def test_an_unknown_alias_names_the_known_ones() -> None:
    with pytest.raises(ApiError, match="default, small") as caught:
        Table({"small": ALIAS, "default": ALIAS}).alias("gpt-9")
    assert (caught.value.status, caught.value.code, caught.value.param) == (404, "model_not_found", "model")
