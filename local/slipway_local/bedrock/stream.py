"""ConverseStream: a reply as the frames of an event stream, and an error in the middle of one.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html,
https://smithy.io/2.0/aws/amazon-eventstream.html
"""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Iterable, Iterator
from typing import Any

from ..aws_json import JsonObject, ServiceError
from .converse import Reply, usage_of

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_PIECE = re.compile(r"\s*\S+|\s+\Z")


def pieces(text: str) -> Iterator[str]:
    """Yield a text word by word; joined they are the text again."""
    return (match[0] for match in _PIECE.finditer(text))


def begun(parts: Iterator[Any]) -> Iterator[Any]:
    """Return the same parts once there is a first one: what fails before that is an ordinary error response."""
    first = next(parts)
    return itertools.chain([first], parts)


def events(parts: Iterable[str | Reply], began: float, trace: JsonObject | None = None) -> Iterator[bytes]:
    """Yield the frames of one message. `parts` are pieces of text, and last the whole reply.

    `began` is the request's time.monotonic(); `trace` is the guardrail's.
    """
    yield frame("messageStart", {"role": "assistant"})
    try:
        for part in parts:
            if isinstance(part, str):
                yield frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": part}})
                continue
            yield frame("contentBlockStop", {"contentBlockIndex": 0})
            if part.tool_use:
                yield from _tool_use(part.tool_use.block["toolUse"])
            yield frame("messageStop", {"stopReason": part.stop_reason})
            metrics = {"latencyMs": round((time.monotonic() - began) * 1000)}
            yield frame(
                "metadata", {"usage": usage_of(part), "metrics": metrics, **({"trace": trace} if trace else {})}
            )
    except ServiceError as error:  # the status line is long gone
        yield _exception(error)


def _tool_use(use: JsonObject) -> Iterator[bytes]:
    """Yield a call of a tool: its input comes as pieces of JSON text."""
    start = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
    yield frame("contentBlockStart", {"contentBlockIndex": 1, "start": start})
    text = json.dumps(use["input"])
    for at in range(0, len(text), 16):
        delta = {"toolUse": {"input": text[at : at + 16]}}
        yield frame("contentBlockDelta", {"contentBlockIndex": 1, "delta": delta})
    yield frame("contentBlockStop", {"contentBlockIndex": 1})


def frame(event_type: str, payload: JsonObject) -> bytes:
    """Return one event."""
    headers = {":event-type": event_type, ":content-type": "application/json", ":message-type": "event"}
    return _encode(headers, payload)


def _exception(error: ServiceError) -> bytes:
    name = "modelStreamErrorException" if error.code.startswith("Model") else error.code[0].lower() + error.code[1:]
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return _encode(headers, {"message": error.message})


def _encode(headers: dict[str, str], payload: JsonObject) -> bytes:
    from moto.core.eventstream import EventStreamEncoder

    encoded: bytes = EventStreamEncoder().encode_message(headers, json.dumps(payload).encode())
    return encoded
