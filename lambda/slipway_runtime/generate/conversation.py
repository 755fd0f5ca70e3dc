"""What a model is asked, in terms that every backend understands.

Source: OpenAI API reference, "Create chat completion", whose meaning the fields have.
"""

from typing import Any

import msgspec


class ToolCall(msgspec.Struct, frozen=True):
    """A call that the model asked for; `arguments` is JSON as the model wrote it."""

    id: str
    name: str
    arguments: str


class Message(msgspec.Struct, frozen=True):
    """One message; `role` is system, user, assistant or tool. A tool's answers the call `tool_call_id`.

    `name` tells speakers of one role apart.
    """

    role: str
    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    name: str = ""


class Tool(msgspec.Struct, frozen=True):
    """A function that the model may call; `parameters` is a JSON schema."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = {}
    strict: bool | None = None


# The first is OpenAI's, of models that reason; the others are vLLM's and its like's.
OPENAI_MORE = ("reasoning_effort", "top_k", "min_p", "repetition_penalty")


class Sampling(msgspec.Struct, frozen=True):
    """How to write: None leaves a choice to the route, and then to the model.

    `more`: what only some servers know, by the names of OPENAI_MORE.
    """

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    more: dict[str, str | float] = {}


class JsonFormat(msgspec.Struct, frozen=True):
    """The answer is one JSON object, of this schema where there is one."""

    schema: dict[str, Any] | None = None
    name: str = "answer"
    strict: bool | None = None


class ModelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request to a model. `tool_choice`: auto, none, required, or `forced` names the tool; `streamed`: in parts.

    `parallel_tool_calls`: whether it may call more than one tool at once.
    """

    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    forced: str = ""
    parallel_tool_calls: bool = True
    format: JsonFormat | None = None
    streamed: bool = False

    @property
    def asks_for_tools(self) -> bool:
        """Whether tools are offered, or calls of earlier ones are told."""
        return bool(self.tools) or any(message.tool_calls or message.tool_call_id for message in self.messages)
