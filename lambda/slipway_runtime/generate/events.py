"""What comes out of an exchange, in its order: pieces of text and of tool calls, the end, the usage, and notes.

A buffered answer is the same events, collected.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from slipway_runtime.generate.conversation import ToolCall


class Started(msgspec.Struct, frozen=True):
    """The route that answers; it comes with the first piece and not before."""

    route: str


class TextDelta(msgspec.Struct, frozen=True):
    """A piece of the answer's text."""

    text: str


class ToolCallDelta(msgspec.Struct, frozen=True):
    """A piece of a tool call: the first of each `index` has id and name."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


class Finish(msgspec.Struct, frozen=True):
    """Why the answer ended: stop, length, tool_calls or content_filter."""

    reason: str


class Usage(msgspec.Struct, frozen=True):
    """Tokens of one call of a model; those of several calls are added. `estimated`: it did not tell all of them."""

    input_tokens: int
    output_tokens: int
    estimated: bool = False


class Note(msgspec.Struct, frozen=True):
    """Fields of the answer's `slipway` object, beside OpenAI's."""

    fields: dict[str, Any]


class Headers(msgspec.Struct, frozen=True):
    """Headers of the answer; they come before its first piece."""

    fields: dict[str, str]


class Silence(msgspec.Struct, frozen=True):
    """Nothing has come for a while: a stream says that it is still there."""


Event = Started | TextDelta | ToolCallDelta | Finish | Usage | Note | Headers | Silence


@dataclass(kw_only=True)
class Collected:
    """An answer in whole, and what of it was there when a stream broke off."""

    route: str = ""
    text: str = ""
    finish_reason: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    notes: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    calls: dict[int, ToolCall] = field(default_factory=dict)
    _pieces: list[str] = field(default_factory=list)

    def add(self, event: Event) -> None:
        """Take one event in."""
        match event:
            case TextDelta():
                self._pieces.append(event.text)
                self.text = ""
            case ToolCallDelta():
                before = self.calls.get(event.index, ToolCall("", "", ""))
                self.calls[event.index] = ToolCall(
                    before.id or event.id, before.name or event.name, before.arguments + event.arguments
                )
            case Finish():
                self.finish_reason = event.reason
            case Usage():
                self.input_tokens += event.input_tokens
                self.output_tokens += event.output_tokens
            case Note():
                self.notes |= event.fields
            case Headers():
                self.headers |= event.fields
            case Started():
                self.route = event.route

    def whole(self) -> "Collected":
        """Return this with its text put together."""
        self.text = "".join(self._pieces)
        return self


def collect(events: Iterable[Event]) -> Collected:
    """Return the whole answer. Raises: what the events raise."""
    collected = Collected()
    for event in events:
        collected.add(event)
    return collected.whole()
