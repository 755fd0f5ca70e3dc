"""What only some places understand is passed on to them in their words, and refused by name by the others."""

import json
from typing import Any

import pytest

from slipway_runtime.generate.backends import openai_schema
from slipway_runtime.generate.backends.bedrock import Bedrock
from slipway_runtime.generate.backends.openai_compatible import OpenAiCompatible
from slipway_runtime.generate.backends.sagemaker import SageMaker
from slipway_runtime.generate.conversation import Message, ModelRequest, Sampling, Tool
from slipway_runtime.generate.events import collect
from support.model_server import model_server

pytestmark = pytest.mark.capability("S6")
USER = (Message("user", "Who am I?"),)
NAMED = (Message("user", "Who am I?", name="ann"),)
MORE: dict[str, str | float] = {"reasoning_effort": "low", "top_k": 5, "min_p": 0.1, "repetition_penalty": 1.2}
LOOK = Tool("look")


class TwoCalls:
    """Converse, as a model answers it that calls two tools at once."""

    def converse(self, **_: Any) -> dict[str, Any]:
        uses = [{"toolUse": {"toolUseId": f"t{n}", "name": "look", "input": {"n": n}}} for n in (1, 2)]
        usage = {"inputTokens": 7, "outputTokens": 3}
        return {"output": {"message": {"content": uses}}, "stopReason": "tool_use", "usage": usage}


def test_a_server_that_speaks_openais_schema_is_told_all_of_it() -> None:
    """OpenAI API reference, "Create chat completion"; vLLM, "Extra parameters for chat completions"."""
    request = ModelRequest(
        messages=NAMED, sampling=Sampling(more=MORE), tools=(LOOK,), forced="look", parallel_tool_calls=False
    )
    with model_server() as model:
        backend = OpenAiCompatible(url=model.url, model="tiny")
        assert backend.refuses(request) is None
        collect(backend.stream(request))
        collect(backend.stream(ModelRequest(messages=USER, tools=(LOOK,))))
    asked, plain = model.asked
    assert {name: asked[name] for name in MORE} == MORE
    assert (asked["messages"][0]["name"], asked["parallel_tool_calls"]) == ("ann", False)
    assert not {*MORE, "parallel_tool_calls"} & set(plain)
    assert "name" not in plain["messages"][0]


def test_what_a_place_has_no_words_for_is_refused_by_name() -> None:
    bedrock, lmi = Bedrock(client=None, model_id="m"), SageMaker(client=None, endpoint="e", schema="lmi")
    found: dict[str, list[str]] = {"bedrock": [], "lmi": []}
    for name, backend in (("bedrock", bedrock), ("lmi", lmi)):
        for each, value in MORE.items():
            refused = backend.refuses(ModelRequest(messages=USER, sampling=Sampling(more={each: value})))
            found[name] += [str(refused.param)] if refused else []
        named = backend.refuses(ModelRequest(messages=NAMED))
        assert named and named.param == "messages.name"
        assert backend.refuses(ModelRequest(messages=(Message("assistant", "I.", name="agent"), *USER))) is None
    assert found == {"bedrock": list(MORE), "lmi": ["reasoning_effort", "min_p"]}
    body = lmi._body(ModelRequest(messages=USER, sampling=Sampling(more={"top_k": 5})))
    assert json.loads(body)["parameters"]["top_k"] == 5


def test_of_calls_at_once_that_were_not_wanted_bedrock_gives_the_first() -> None:
    backend = Bedrock(client=TwoCalls(), model_id="m")
    both = collect(backend.stream(ModelRequest(messages=USER, tools=(LOOK,))))
    first = collect(backend.stream(ModelRequest(messages=USER, tools=(LOOK,), parallel_tool_calls=False)))
    assert [each.id for each in both.calls.values()] == ["t1", "t2"]
    assert [(each.id, each.arguments) for each in first.calls.values()] == [("t1", '{"n":1}')]
    assert first.finish_reason == "tool_calls"


@pytest.mark.parametrize("streamed", [False, True])
def test_why_a_model_does_not_answer_is_said(streamed: bool) -> None:
    """OpenAI, "Structured outputs", refusals: `refusal` in place of `content`, with the finish reason "stop"."""
    said, choice = {"content": None, "refusal": "I cannot help."}, {"index": 0, "finish_reason": "stop"}
    if streamed:
        chunks = [{"index": 0, "delta": {"refusal": each}} for each in ("I cannot", " help.")]
        lines = [b"data: " + json.dumps({"choices": [each]}).encode() for each in [*chunks, choice | {"delta": {}}]]
        whole = collect(openai_schema.events_of_stream(lines))
    else:
        whole = collect(openai_schema.events_of(json.dumps({"choices": [choice | {"message": said}]}).encode()))
    assert (whole.text, whole.finish_reason) == ("I cannot help.", "content_filter")
