"""The body of POST /v1/chat/completions, as far as it is served.

Source: OpenAI API reference, "Create chat completion". Fields that promise nothing about the answer (metadata, store,
service_tier, prompt_cache_key …) are ignored; those that would change it and are not supported are refused by name,
unless their value is the neutral one.
"""

from typing import Annotated, Any, Literal

import msgspec

from slipway_runtime.generate.conversation import (
    OPENAI_MORE,
    JsonFormat,
    Message,
    ModelRequest,
    Sampling,
    Tool,
    ToolCall,
)
from slipway_runtime.handlers.filter_field import request_filter
from slipway_runtime.operate.users import User
from slipway_runtime.retrieve.filters import Filter

MAX_STOPS = 4
FunctionName = Annotated[str, msgspec.Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
# Tokens beyond this nobody writes, and numbers beyond 64 bits no backend reads.
Tokens = Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]
Seed = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class TextPart(msgspec.Struct, tag="text"):
    """A part of a message's content; only text is served."""

    text: str


class CalledFunction(msgspec.Struct):
    """The function that a call names, and its input as the model wrote it."""

    name: FunctionName
    arguments: str = "{}"


class CallMade(msgspec.Struct):
    """A call of a tool in an assistant's message."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[a-zA-Z0-9_-]+$")]
    function: CalledFunction
    type: Literal["function"] = "function"


class ChatMessage(msgspec.Struct):
    """One message; only an assistant's may have no content, as one has that called a tool."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None
    tool_calls: list[CallMade] | None = None
    tool_call_id: str | None = None
    name: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    function_call: Any = None

    @property
    def text(self) -> str:
        """Return the content as one string, "" for none or nothing but white space."""
        parts = [self.content] if isinstance(self.content, str) else [part.text for part in self.content or []]
        text = "\n".join(parts)
        return text if text.strip() else ""

    @property
    def message(self) -> Message:
        """Return the message as a backend is told it."""
        made = self.tool_calls or []
        calls = tuple(ToolCall(call.id, call.function.name, call.function.arguments) for call in made)
        role = "system" if self.role == "developer" else self.role
        return Message(role, self.text, calls, self.tool_call_id or "", self.name or "")


class FunctionOffered(msgspec.Struct):
    """A function that the model may call; `parameters` is a JSON schema of an object."""

    name: FunctionName
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class ToolOffered(msgspec.Struct):
    """A tool; only functions are served."""

    function: FunctionOffered
    type: Literal["function"] = "function"


class NamedFunction(msgspec.Struct):
    """A function by its name."""

    name: FunctionName


class NamedTool(msgspec.Struct):
    """The one tool that must be called."""

    function: NamedFunction
    type: Literal["function"] = "function"


class JsonSchema(msgspec.Struct):
    """The schema that the answer has."""

    name: FunctionName
    schema: dict[str, Any] | None = None
    description: str | None = None
    strict: bool | None = None


class ResponseFormat(msgspec.Struct):
    """What the answer is: text, a JSON object, or JSON of a schema."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class StreamOptions(msgspec.Struct):
    """`include_usage`: one chunk more, with the tokens."""

    include_usage: bool | None = None


# The fields of `slipway` that steps of an exchange look for.
WISHES = ("documents", "prompt", "variables", "conversation", "turn", "cache")


class Extension(msgspec.Struct, forbid_unknown_fields=True):
    """What is asked beyond OpenAI's API. `documents`: answer from them, or not, whatever the alias does by itself.

    `prompt`: `name@label` of the catalogue, and its `variables`.
    `conversation`: the one that this goes on, and `turn` the caller's own name of this turn, so that it is kept once.
    `cache`: whether an answer may be given again, "exact" only to the very same question.
    """

    documents: bool | None = None
    filter: dict[str, Any] | None = None
    prompt: str | None = None
    variables: dict[str, Any] | None = None
    conversation: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = None
    turn: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    cache: bool | Literal["exact"] | None = None


class ChatRequest(msgspec.Struct):
    """The body of POST /v1/chat/completions."""

    model: str
    messages: list[ChatMessage]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    stop: str | Annotated[list[str], msgspec.Meta(max_length=MAX_STOPS)] | None = None
    seed: Seed | None = None
    user: User | None = None
    response_format: ResponseFormat | None = None
    tools: list[ToolOffered] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    slipway: Extension | None = None
    functions: Any = None
    function_call: Any = None
    logprobs: Any = None
    top_logprobs: Any = None
    logit_bias: Any = None
    presence_penalty: Any = None
    frequency_penalty: Any = None
    modalities: Any = None
    verbosity: Any = None
    web_search_options: Any = None
    parallel_tool_calls: bool | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    top_k: Annotated[int, msgspec.Meta(ge=-1, le=10_000_000)] | None = None
    min_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    repetition_penalty: Annotated[float, msgspec.Meta(gt=0, le=10)] | None = None
    filters: Any = None

    @property
    def filter(self) -> Filter | None:
        """Return the filter of `slipway.filter`, or of `filters`. Raises: ApiError 400 naming the place in it."""
        within = self.slipway.filter if self.slipway else None
        return request_filter(within, "slipway.filter") if within is not None else request_filter(self.filters)

    @property
    def wishes(self) -> dict[str, Any]:
        """Return the fields of `slipway` that steps of the exchange look at, as far as they are given."""
        return {name: value for name in WISHES if (value := getattr(self.slipway, name, None)) is not None}

    @property
    def model_request(self) -> ModelRequest:
        """Return what a backend is asked."""
        named = self.tool_choice if isinstance(self.tool_choice, NamedTool) else None
        choice = self.tool_choice if isinstance(self.tool_choice, str) else None
        return ModelRequest(
            messages=tuple(said for each in self.messages if _says_something(said := each.message)),
            sampling=self._sampling(),
            tools=tuple(_tool(each.function) for each in self.tools or []),
            tool_choice="required" if named else choice or "auto",
            forced=named.function.name if named else "",
            parallel_tool_calls=self.parallel_tool_calls is not False,
            format=self._format(),
            streamed=bool(self.stream),
        )

    def _sampling(self) -> Sampling:
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return Sampling(
            max_tokens=self.max_completion_tokens or self.max_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
            stop=tuple(filter(None, stop)),
            seed=self.seed,
            more={name: value for name in OPENAI_MORE if (value := getattr(self, name)) is not None},
        )

    def _format(self) -> JsonFormat | None:
        given = self.response_format
        if given is None or given.type == "text":
            return None
        schema = given.json_schema
        return JsonFormat(schema.schema, schema.name, schema.strict) if schema else JsonFormat()


def _says_something(message: Message) -> bool:
    return bool(message.text or message.tool_calls or message.tool_call_id)


def _tool(function: FunctionOffered) -> Tool:
    return Tool(function.name, function.description or "", function.parameters or {}, function.strict)
