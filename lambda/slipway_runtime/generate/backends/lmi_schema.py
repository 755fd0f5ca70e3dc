"""The generate schema of LMI's and TGI's containers: one prompt in, text out.

Source: DJL Serving documentation, "LMI handlers inference API schema"; Text Generation Inference, "Streaming".
LMI streams JSON lines, TGI the same objects as server-sent events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from slipway_runtime.generate.backends import protocol
from slipway_runtime.generate.conversation import Message, ModelRequest
from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.events import Event, Finish, TextDelta, Usage

REASONS = {"length": "length", "eos_token": "stop", "stop_sequence": "stop", "stop": "stop"}
# How a container's model was taught to tell who speaks: before and after each message, and before its own.
FORMATS: dict[str, tuple[str, str, str]] = {
    "chatml": ("<|im_start|>{role}\n", "<|im_end|>\n", "<|im_start|>assistant\n"),
    "llama3": (
        "<|start_header_id|>{role}<|end_header_id|>\n\n",
        "<|eot_id|>",
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
    ),
    "plain": ("{role}: ", "\n\n", "assistant:"),
}
MARKS = ("<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|begin_of_text|>")


MORE = ("top_k", "repetition_penalty")


class _Details(msgspec.Struct):
    finish_reason: str | None = None
    generated_tokens: int = 0
    prompt_tokens: int | None = None


class _Token(msgspec.Struct):
    text: str = ""
    special: bool = False


class _Line(msgspec.Struct):
    token: _Token | None = None
    generated_text: str | None = None
    details: _Details | None = None
    error: Any = None
    error_msg: Any = None


def refusal(request: ModelRequest) -> ApiError | None:
    """Return why the schema has no words for a request, None if it has."""
    if request.asks_for_tools:
        return protocol.unsupported("tools", "tools")
    if request.format:
        return protocol.unsupported("'response_format'", "response_format")
    for name in request.sampling.more:
        if name not in MORE:
            return protocol.unsupported(f"'{name}'", name)
    return protocol.named_user(request)


def body(request: ModelRequest, prompt_format: str, extra: dict[str, Any]) -> bytes:
    """Return the body of a request; what is left open is left out."""
    sampling = request.sampling
    parameters: dict[str, Any] = {
        "max_new_tokens": sampling.max_tokens,
        "temperature": sampling.temperature or None,  # 0 is greedy, which these containers ask for by do_sample
        "top_p": sampling.top_p if sampling.top_p not in (0, 1) else None,
        "do_sample": bool(sampling.temperature) if sampling.temperature is not None else None,
        "stop": list(sampling.stop) or None,
        "seed": sampling.seed,
        **sampling.more,
        "details": True,
        "return_full_text": False,
    }
    given = {name: value for name, value in parameters.items() if value is not None}
    asked: dict[str, Any] = {"inputs": prompt(request.messages, prompt_format), "parameters": given | extra}
    return msgspec.json.encode(asked | ({"stream": True} if request.streamed else {}))


def prompt(messages: tuple[Message, ...], prompt_format: str) -> str:
    """Return the messages as one text; marks of speakers that stand in messages are taken apart."""
    before, after, own = FORMATS[prompt_format]
    return "".join(before.format(role=message.role) + _plain(message.text) + after for message in messages) + own


def _plain(text: str) -> str:
    for mark in MARKS:
        text = text.replace(mark, mark.replace("|", " "))
    return text


def events_of(answer: bytes) -> Iterator[Event]:
    """Yield the events of a whole answer: an object, or TGI's list of one. Raises: BackendError for another."""
    try:
        read = msgspec.json.decode(answer, type=list[_Line] | _Line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise protocol.malformed("not the expected JSON") from error
    line = (read[0] if read else _Line()) if isinstance(read, list) else read
    if line.generated_text is None:
        raise protocol.malformed("no generated_text in it")
    yield TextDelta(line.generated_text)
    yield from _end(line.details or _Details(finish_reason="stop"))


def events_of_stream(lines: Iterable[bytes]) -> Iterator[Event]:
    """Yield the events of a stream as its lines come. Raises: BackendError, also where it ends before the answer."""
    for line in lines:
        data = line.removeprefix(b"data:").strip()
        if not data:
            continue
        try:
            read = msgspec.json.decode(data, type=_Line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise protocol.malformed("not the expected JSON") from error
        if read.error or read.error_msg:
            raise protocol.unavailable()
        if read.token and read.token.text and not read.token.special:
            yield TextDelta(read.token.text)
        if read.generated_text is not None or read.details is not None:
            yield from _end(read.details or _Details(finish_reason="stop"))
            return
    raise protocol.cut()


def _end(details: _Details) -> Iterator[Event]:
    yield Finish(REASONS.get(details.finish_reason or "stop", "stop"))
    yield Usage(details.prompt_tokens or 0, details.generated_tokens)
