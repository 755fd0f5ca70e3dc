"""The answers of the gateway as types, for its description; what is sent is made in `chat_answer` and `embeddings`.

Source: OpenAI API reference, "The chat completion object", "The embedding object", "The model object".
"""

from typing import Any, Literal

import msgspec

from slipway_runtime.handlers.chat_types import CallMade


class Usage(msgspec.Struct):
    """Tokens read and written, as the model counted them."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class AnswerMessage(msgspec.Struct):
    """What the model said."""

    role: Literal["assistant"]
    content: str | None
    refusal: None = None
    tool_calls: list[CallMade] = []


class Choice(msgspec.Struct):
    """The one answer."""

    index: Literal[0]
    message: AnswerMessage
    logprobs: None
    finish_reason: Literal["stop", "length", "tool_calls", "content_filter"]


class ChatCompletion(msgspec.Struct):
    """A whole answer; `slipway` has what is beyond OpenAI's API, such as citations."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    slipway: dict[str, Any] = {}


class Embedding(msgspec.Struct):
    """One vector: numbers, or 32-bit floats in base64."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str


class EmbeddingUsage(msgspec.Struct):
    """Tokens read."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingList(msgspec.Struct):
    """The vectors in the order of the inputs."""

    object: Literal["list"]
    data: list[Embedding]
    model: str
    usage: EmbeddingUsage


class ModelDescription(msgspec.Struct):
    """An alias."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ModelList(msgspec.Struct):
    """All aliases."""

    object: Literal["list"]
    data: list[ModelDescription]


class Page(msgspec.Struct):
    """A page of a list; `last_id` is what `after` takes for the next one."""

    object: Literal["list"]
    data: list[dict[str, Any]]
    has_more: bool
    last_id: str | None


class ErrorFields(msgspec.Struct):
    """What went wrong, and with which parameter."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorAnswer(msgspec.Struct):
    """An error."""

    error: ErrorFields
