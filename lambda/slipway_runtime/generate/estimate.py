"""How many tokens a request and an answer have, where no model told: an estimate, and marked as one."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from slipway_runtime.generate.conversation import ModelRequest
from slipway_runtime.generate.events import Event, TextDelta, ToolCallDelta, Usage
from slipway_runtime.retrieve.tokens.choose import tokenizer

CHARACTERS_PER_TOKEN = 4


def asked(request: ModelRequest) -> int:
    """Return an estimate of the tokens of a request's messages and tools."""
    count = tokenizer("estimate").count
    said = sum(count(message.text) + 4 for message in request.messages)
    calls = sum(count(call.arguments) for message in request.messages for call in message.tool_calls)
    return said + calls + sum(count(f"{tool.description}{tool.parameters}") for tool in request.tools)


def written(characters: int) -> int:
    """Return an estimate of the tokens of so many characters that a model wrote."""
    return -(-characters // CHARACTERS_PER_TOKEN)


def counted(events: Iterator[Event], request: ModelRequest) -> Iterator[Event]:
    """Yield an answer's events, its usage at the end, with an estimate of what the model did not tell.

    A count of nothing read, or of nothing written where something is, is none; some servers send one with each piece,
    of which the last holds.
    """
    told, characters = Usage(0, 0), 0
    for event in events:
        match event:
            case Usage():
                told = event
                continue
            case TextDelta():
                characters += len(event.text)
            case ToolCallDelta():
                characters += len(event.name) + len(event.arguments)
        yield event
    if told.input_tokens <= 0:
        told = msgspec.structs.replace(told, input_tokens=asked(request), estimated=True)
    if told.output_tokens < 0 or (characters and not told.output_tokens):
        told = msgspec.structs.replace(told, output_tokens=written(characters), estimated=True)
    yield told
