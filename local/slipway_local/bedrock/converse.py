"""The Converse operation: what a conversation must look like, and the answer's shape.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from ..aws_json import JsonObject, ServiceError, validation_error
from . import pictures, tools
from .pictures import Picture
from .tools import NO_TOOLS, Tools, ToolUse

# What would change the answer if it were there; settings of speed and cost may be given and change nothing.
_NOT_EMULATED = {"promptVariables", "outputConfig"}


class Passage(NamedTuple):
    """A text and what it is for: `grounding_source`, `query`, `guard_content`; without any, the text is guarded."""

    text: str
    qualifiers: frozenset[str] = frozenset()

    @property
    def is_guarded(self) -> bool:
        """Whether a guardrail's policies look at it."""
        return not self.qualifiers or "guard_content" in self.qualifiers


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """A validated request: system text, (role, text) turns, and how to infer. `None` leaves a setting to the model.

    `guarded` are the passages that the request singles out for its guardrail; without any, it looks at every turn.
    """

    system: str
    turns: tuple[tuple[str, str], ...]
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop_sequences: tuple[str, ...] = ()
    guarded: tuple[Passage, ...] = ()
    tools: Tools = NO_TOOLS
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A model's answer. `stop_reason`: end_turn, max_tokens, stop_sequence, tool_use or content_filtered."""

    text: str
    input_tokens: int
    output_tokens: int
    stop_reason: str = "end_turn"
    tool_use: ToolUse | None = None


class TextBackend(Protocol):
    """Whatever writes the text."""

    def reply(self, conversation: Conversation) -> Reply:
        """Return the next assistant turn. Raises: ServiceError in Bedrock's words."""
        ...

    def stream(self, conversation: Conversation) -> Iterator[str | Reply]:
        """Yield the same turn in pieces of text, and last the whole reply."""
        ...


def parse(body: JsonObject, model: str) -> Conversation:
    """Return the conversation in a Converse request to a model. Raises: ServiceError for what Bedrock refuses, and for
    content other than text and images, which is not emulated."""
    for name in _NOT_EMULATED & body.keys():
        raise validation_error(f"The local Bedrock does not emulate {name}.")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or _role(messages[0]) != "user":
        raise validation_error(
            "A conversation must start with a user message. "
            "Try again with a conversation that starts with a user message."
        )
    turns: list[tuple[str, str]] = []
    shown: list[Picture] = []
    for index, message in enumerate(messages):
        role = _role(message)
        if turns and role == turns[-1][0]:
            raise validation_error(
                "A conversation must alternate between user and assistant roles. Make sure the conversation alternates "
                "between user and assistant roles and try again."
            )
        given = message.get("content")
        images = [block for block in given if isinstance(block, dict) and "image" in block] if given else []
        shown += [pictures.parse(block["image"], index, role) for block in images]
        told = tools.told(given, messages[index - 1] if index else None, index) if isinstance(given, list) else given
        text = [block for block in told if block not in images] if images else told
        # An image may stand alone.
        turns.append((role, _text(text, f"messages.{index}") if text or not images else ""))
    pictures.check_number(shown)
    system = body.get("system") or []
    blocks = [*system, *(block for message in messages for block in message["content"])]
    return Conversation(
        guarded=tuple(_guarded(block["guardContent"]["text"]) for block in blocks if "guardContent" in block),
        system=_text(system, "system") if system else "",
        turns=tuple(turns),
        tools=tools.parse(body.get("toolConfig"), model),
        pictures=tuple(shown),
        **_inference(body.get("inferenceConfig") or {}),
    )


def answer(reply: Reply, latency_ms: int) -> JsonObject:
    """Return the response body. Units: milliseconds."""
    content = [{"text": reply.text}] if reply.text or not reply.tool_use else []
    if reply.tool_use:
        content.append(reply.tool_use.block)
    return {
        "metrics": {"latencyMs": latency_ms},
        "output": {"message": {"content": content, "role": "assistant"}},
        "stopReason": reply.stop_reason,
        "usage": usage_of(reply),
    }


def usage_of(reply: Reply) -> JsonObject:
    """Return the tokens of a reply as Bedrock counts them."""
    total = reply.input_tokens + reply.output_tokens
    return {"inputTokens": reply.input_tokens, "outputTokens": reply.output_tokens, "totalTokens": total}


def _role(message: Any) -> str:
    role = message.get("role") if isinstance(message, dict) else None
    if role not in ("user", "assistant"):
        raise validation_error("Value at 'messages.role' failed to satisfy constraint: [user, assistant]")
    return str(role)


def _text(content: Any, where: str) -> str:
    if not isinstance(content, list) or not content:
        raise validation_error(
            f"The content field in the Message object at {where} is empty. Add a ContentBlock object to the content "
            "field and try again."
        )
    parts = []
    for index, given in enumerate(content):
        block = _unguarded(given)
        if not isinstance(block, dict) or set(block) - {"text", "cachePoint"}:
            raise validation_error(
                f"The local Bedrock understands text and images only, not the content at {where}.content.{index}."
            )
        if "cachePoint" in block:
            continue
        if not isinstance(block.get("text"), str) or not block["text"].strip():
            raise validation_error(
                f"The text field in the ContentBlock object at {where}.content.{index} is blank. Add text to the text "
                "field, and try again."
            )
        parts.append(block["text"])
    return "\n".join(parts)


def _unguarded(block: Any) -> Any:
    """Return a guardContent block as the text block that the model sees, and any other as it is."""
    inner = block["guardContent"] if isinstance(block, dict) and "guardContent" in block else None
    text = inner.get("text") if isinstance(inner, dict) else None
    return {"text": text.get("text")} if isinstance(text, dict) else block


def _guarded(text: JsonObject) -> Passage:
    return Passage(text["text"], frozenset(text.get("qualifiers") or ()))


def _inference(config: JsonObject) -> dict[str, Any]:
    for name in ("temperature", "topP"):
        if config.get(name) is not None and not 0 <= _number(config[name], name) <= 1:
            raise _out_of_range(name)
    if config.get("maxTokens") is not None and (not isinstance(config["maxTokens"], int) or config["maxTokens"] < 1):
        raise _out_of_range("maxTokens")
    return {
        "max_tokens": config.get("maxTokens"),
        "temperature": config.get("temperature"),
        "top_p": config.get("topP"),
        "stop_sequences": tuple(config.get("stopSequences") or ()),
    }


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _out_of_range(name)
    return float(value)


def _out_of_range(name: str) -> ServiceError:
    return validation_error(f"Value at 'inferenceConfig.{name}' failed to satisfy constraint: it is out of range")
