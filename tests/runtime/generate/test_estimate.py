"""Whatever a model tells of its tokens, or does not, an answer is counted.

OpenAI API reference, "The chat completion object" (`usage` may be missing); DJL Serving, "LMI handlers inference API
schema" (`details`).
"""

import json
from typing import Any

import pytest

from slipway_runtime.generate.backends import lmi_schema, openai_schema
from slipway_runtime.generate.conversation import Message, ModelRequest
from slipway_runtime.generate.estimate import asked, counted
from slipway_runtime.generate.events import Event, Finish, TextDelta, Usage

pytestmark = pytest.mark.capability("O7")
REQUEST = ModelRequest(messages=(Message("user", "How long does the lamp burn?"),))
TEXT = "The lamp burns forty hours."
READ, WRITTEN = asked(REQUEST), -(-len(TEXT) // 4)


def usage(events: Any) -> Usage:
    found: list[Event] = list(counted(iter(events), REQUEST))
    assert isinstance(found[-1], Usage)
    assert sum(isinstance(each, Usage) for each in found) == 1
    return found[-1]


@pytest.mark.parametrize(
    ("told", "counts"),
    [
        ({"prompt_tokens": 7, "completion_tokens": 3}, Usage(7, 3)),
        (None, Usage(READ, WRITTEN, True)),
        ({}, Usage(READ, WRITTEN, True)),
        ({"prompt_tokens": 7, "completion_tokens": None}, Usage(7, WRITTEN, True)),
        ({"prompt_tokens": -100_000, "completion_tokens": -5}, Usage(READ, WRITTEN, True)),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_of_servers_that_speak_openais_schema(told: Any, counts: Usage, streamed: bool) -> None:
    choice: dict[str, Any] = {"index": 0, "finish_reason": "stop"}
    if streamed:
        chunk = {"choices": [choice | {"delta": {"content": TEXT}}], "usage": told}
        assert usage(openai_schema.events_of_stream([b"data: " + json.dumps(chunk).encode()])) == counts
    else:
        answer = {"choices": [choice | {"message": {"content": TEXT}}], "usage": told}
        assert usage(openai_schema.events_of(json.dumps(answer).encode())) == counts


@pytest.mark.parametrize(
    ("details", "counts"),
    [
        ({"finish_reason": "length", "generated_tokens": 9, "prompt_tokens": 8}, Usage(8, 9)),
        ({"finish_reason": "length", "generated_tokens": 9}, Usage(READ, 9, True)),
        (None, Usage(READ, WRITTEN, True)),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_of_containers_that_generate(details: Any, counts: Usage, streamed: bool) -> None:
    whole = {"generated_text": TEXT, "details": details}
    if streamed:
        lines = [{"token": {"text": TEXT}}, whole]
        assert usage(lmi_schema.events_of_stream(json.dumps(each).encode() for each in lines)) == counts
    else:
        assert usage(lmi_schema.events_of(json.dumps(whole).encode())) == counts


def test_of_counts_that_come_with_each_piece_the_last_holds() -> None:
    """vLLM, "continuous_usage_stats"."""
    events = [TextDelta(TEXT), Usage(7, 1), TextDelta(TEXT), Usage(7, 2), Finish("stop")]
    assert usage(events) == Usage(7, 2)


def test_an_answer_that_says_nothing_wrote_nothing() -> None:
    assert usage([Finish("stop"), Usage(7, 0)]) == Usage(7, 0)
