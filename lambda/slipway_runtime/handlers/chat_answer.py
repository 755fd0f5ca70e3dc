"""Answers in OpenAI's shapes: a chat.completion, and the chunks of a stream as server-sent events.

Source: OpenAI API reference, "The chat completion object", "The chat completion chunk object", "Streaming"; WHATWG
HTML, "Server-sent events" (a line that begins with a colon is a comment).
"""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.events import (
    Collected,
    Event,
    Finish,
    Headers,
    Note,
    Silence,
    Started,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from slipway_runtime.operate.meter.entry import identifier
from slipway_runtime.streaming.response import Streamed

encode = msgspec.json.Encoder().encode
DONE = b"data: [DONE]\n\n"
KEEP_ALIVE = b": keep-alive\n\n"
ROUTE_HEADER = "x-slipway-route"
STREAM_HEADERS = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}


@dataclass(frozen=True, kw_only=True)
class ChatAnswer:
    """One answer of the alias `model`."""

    model: str
    include_usage: bool = False
    identifier: str = field(default_factory=identifier)
    created: int = field(default_factory=lambda: int(time.time()))

    def completion(self, whole: Collected) -> dict[str, Any]:
        """Return a chat.completion, with our field `slipway` beside OpenAI's where there is something to say."""
        calls = [_call(index, call.id, call.name, call.arguments) for index, call in sorted(whole.calls.items())]
        content = whole.text if whole.text or not calls else None
        message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
        if calls:
            message["tool_calls"] = [{name: value for name, value in call.items() if name != "index"} for call in calls]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": whole.finish_reason or "stop"}
        answer = self._object("chat.completion", [choice], usage=_usage(whole.input_tokens, whole.output_tokens))
        return answer | ({"slipway": whole.notes} if whole.notes else {})

    def streamed(self, events: Iterator[Event], as_error: Callable[[Exception], ApiError]) -> Streamed:
        """Return the stream, once its first piece is there: what fails before is an ordinary error.

        Raises: what `events` raise before their first piece.
        """
        headers, early = dict(STREAM_HEADERS), list[Event]()
        for event in events:
            early.append(event)
            if isinstance(event, Started):
                headers[ROUTE_HEADER] = event.route
            elif isinstance(event, Headers):
                headers |= event.fields
            elif not isinstance(event, Note | Usage):
                break
        return Streamed(headers=headers, body=self._body(itertools.chain(early, events), events, as_error))

    def _body(self, all_of_it: Iterator[Event], events: Any, as_error: Callable[[Exception], ApiError]) -> Any:
        try:
            yield from self._chunks(all_of_it)
        except Exception as error:
            yield b"data: " + encode({"error": as_error(error).body}) + b"\n\n"
        finally:
            events.close()

    def _chunks(self, events: Iterator[Event]) -> Iterator[bytes]:
        end = Collected()
        yield self._chunk({"role": "assistant", "content": "", "refusal": None})
        for event in events:
            match event:
                case TextDelta():
                    yield self._chunk({"content": event.text})
                case ToolCallDelta():
                    call = _call(event.index, event.id, event.name, event.arguments)
                    yield self._chunk({"tool_calls": [call]})
                case Silence():
                    yield KEEP_ALIVE
                case Finish() | Note() | Usage():
                    end.add(event)  # told at the end, when all is known
        yield self._chunk({}, end.finish_reason or "stop", {"slipway": end.notes} if end.notes else {})
        if self.include_usage:
            usage = _usage(end.input_tokens, end.output_tokens)
            yield b"data: " + encode(self._object("chat.completion.chunk", [], usage=usage)) + b"\n\n"
        yield DONE

    def _chunk(
        self, delta: dict[str, Any], finish_reason: str | None = None, more: dict[str, Any] | None = None
    ) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        usage = {"usage": None} if self.include_usage else {}
        return b"data: " + encode(self._object("chat.completion.chunk", [choice], **usage, **(more or {}))) + b"\n\n"

    def _object(self, kind: str, choices: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        head = {"id": self.identifier, "object": kind, "created": self.created, "model": self.model}
        return {**head, "choices": choices, **more}


def _call(index: int, identifier: str, name: str, arguments: str) -> dict[str, Any]:
    """Return a call, or a piece of one: only its first has id, type and name."""
    if not identifier:
        return {"index": index, "function": {"arguments": arguments}}
    called = {"name": name, "arguments": arguments}
    return {"index": index, "id": identifier, "type": "function", "function": called}


def _usage(read: int, written: int) -> dict[str, int]:
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
