"""OpenAI's chat completions as a backend speaks it: the request's body, and its answers, whole and streamed.

Source: OpenAI API reference, "Create chat completion", "The chat completion chunk object".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from slipway_runtime.generate.backends import protocol
from slipway_runtime.generate.conversation import Message, ModelRequest
from slipway_runtime.generate.events import Event, Finish, TextDelta, ToolCallDelta, Usage

DONE = b"[DONE]"


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _Call(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Said(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(msgspec.Struct):
    delta: _Said | None = None
    message: _Said | None = None
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Answer(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: Any = None


def body(model: str, request: ModelRequest, extra: dict[str, Any]) -> bytes:
    """Return the body of a request; what is left open is left out."""
    sampling = request.sampling
    asked: dict[str, Any] = {
        "model": model or None,
        "messages": [_message(message) for message in request.messages],
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "stop": list(sampling.stop) or None,
        "seed": sampling.seed,
        "response_format": _format(request),
        "stream": request.streamed or None,
        "stream_options": {"include_usage": True} if request.streamed else None,
    }
    if request.tools:
        asked["tools"] = [{"type": "function", "function": _tool(tool)} for tool in request.tools]
        named = {"type": "function", "function": {"name": request.forced}}
        asked["tool_choice"] = named if request.forced else request.tool_choice
        asked["parallel_tool_calls"] = None if request.parallel_tool_calls else False
    asked |= sampling.more
    return msgspec.json.encode({name: value for name, value in asked.items() if value is not None} | extra)


def _message(message: Message) -> dict[str, Any]:
    said: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.name:
        said["name"] = message.name
    if message.tool_call_id:
        said["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        said["content"] = message.text or None
        said["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    return said


def _tool(tool: Any) -> dict[str, Any]:
    given = {"name": tool.name, "description": tool.description, "parameters": tool.parameters, "strict": tool.strict}
    return {name: value for name, value in given.items() if value}


def _format(request: ModelRequest) -> dict[str, Any] | None:
    if request.format is None:
        return None
    if request.format.schema is None:
        return {"type": "json_object"}
    schema = {"name": request.format.name, "schema": request.format.schema, "strict": request.format.strict}
    return {
        "type": "json_schema",
        "json_schema": {name: value for name, value in schema.items() if value is not None},
    }


def events_of(answer: bytes) -> Iterator[Event]:
    """Yield the events of a whole answer. Raises: BackendError for one that is none."""
    read = _read(answer)
    if not read.choices or read.choices[0].message is None or read.error:
        raise protocol.malformed("no choice in it")
    said = read.choices[0].message
    yield from _said(said)
    yield Finish(_reason(read.choices[0].finish_reason or "stop", refused=bool(said.refusal)))
    yield from _usage(read.usage)


def events_of_stream(lines: Iterable[bytes]) -> Iterator[Event]:
    """Yield the events of a stream as its lines come. Raises: BackendError, also where it ends before the answer."""
    finished = refused = False
    for line in lines:
        if not line.startswith(b"data:"):
            continue
        data = line[5:].strip()
        if data == DONE:
            break
        chunk = _read(data)
        if chunk.error:
            raise protocol.unavailable()
        for choice in chunk.choices[:1]:
            if choice.delta:
                refused = refused or bool(choice.delta.refusal)
                yield from _said(choice.delta)
            if choice.finish_reason:
                finished = True
                yield Finish(_reason(choice.finish_reason, refused=refused))
        yield from _usage(chunk.usage)
    if not finished:
        raise protocol.cut()


def _read(data: bytes) -> _Answer:
    try:
        return msgspec.json.decode(data, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise protocol.malformed("not the expected JSON") from error


def _said(said: _Said) -> Iterator[Event]:
    # What a model says of why it does not answer is read by the guards as any text is.
    if text := said.content or said.refusal:
        yield TextDelta(text)
    for number, call in enumerate(said.tool_calls or []):
        function = call.function or _Function()
        index = number if call.index is None else call.index
        yield ToolCallDelta(index, call.id or "", function.name or "", function.arguments or "")


def _usage(usage: _Usage | None) -> Iterator[Usage]:
    if usage:
        yield Usage(usage.prompt_tokens or 0, usage.completion_tokens or 0)


def _reason(given: str, *, refused: bool) -> str:
    if refused:
        return "content_filter"
    return given if given in ("stop", "length", "tool_calls", "content_filter") else "stop"
