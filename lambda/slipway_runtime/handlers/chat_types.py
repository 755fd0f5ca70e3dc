"""The chat part of OpenAI's API, as far as it is served.

Source: OpenAI API reference, "Create chat completion". Fields that promise nothing about the answer (user, seed,
metadata, reasoning_effort …) are ignored; those that would change it and are not supported are refused by name, unless
their value is the neutral one.
"""

from typing import Any, Literal

import msgspec

from slipway_runtime.generate.answer import Answer, Grounding
from slipway_runtime.generate.errors import invalid
from slipway_runtime.generate.models import Sampling, Turn
from slipway_runtime.handlers.filter_field import request_filter
from slipway_runtime.retrieve.filters import Filter

MAX_MESSAGES = 200
MAX_STOPS = 4
SPEAKERS = ("user", "assistant")
# What is not supported, with the values that ask for nothing.
NEUTRAL: dict[str, tuple[Any, ...]] = {
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "modalities": (["text"],),
    "verbosity": ("medium",),
    "web_search_options": (),
}


class TextPart(msgspec.Struct, tag="text"):
    """A part of a message's content; only text is served."""

    text: str


class Message(msgspec.Struct):
    """One message; only an assistant's may have no content, as one has that called a tool."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart] | None = None
    tool_calls: Any = None
    function_call: Any = None

    @property
    def text(self) -> str:
        """Return the content as one string, "" for none or nothing but white space."""
        parts = [self.content] if isinstance(self.content, str) else [part.text for part in self.content or []]
        text = "\n".join(parts)
        return text if text.strip() else ""


class ChatRequest(msgspec.Struct):
    """The body of POST /v1/chat/completions."""

    model: str
    messages: list[Message]
    stream: bool | None = None
    n: int | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: str | list[str] | None = None
    response_format: dict[str, Any] | None = None
    tools: Any = None
    tool_choice: Any = None
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
    filters: Any = None

    @property
    def filter(self) -> Filter | None:
        """Return the filter of `filters`, our field beside OpenAI's. Raises: ApiError 400 naming the place in it."""
        return request_filter(self.filters)

    def check(self) -> None:
        """Check what types alone do not say.

        Raises: ApiError 400 naming the parameter.
        """
        if self.stream:
            raise invalid(
                "Streaming is not supported yet; leave out 'stream' or set it to false.", "stream", "unsupported_value"
            )
        for param, neutral in NEUTRAL.items():
            value = getattr(self, param)
            if value is not None and value not in neutral:
                raise invalid(f"'{param}' is not supported; leave it out.", param, "unsupported_parameter")
        if self.response_format and self.response_format.get("type", "text") != "text":
            raise invalid("Only the response format 'text' is supported.", "response_format", "unsupported_value")
        if self.n not in (None, 1):
            raise invalid("Only n = 1 is supported.", "n", "unsupported_value")
        self._check_ranges()
        self._check_messages()

    def _check_ranges(self) -> None:
        for name in ("max_tokens", "max_completion_tokens"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise invalid(f"'{name}' must be at least 1.", name)
        if self.temperature is not None and not 0 <= self.temperature <= 2:
            raise invalid("'temperature' must be between 0 and 2.", "temperature")
        if self.top_p is not None and not 0 <= self.top_p <= 1:
            raise invalid("'top_p' must be between 0 and 1.", "top_p")
        if isinstance(self.stop, list) and len(self.stop) > MAX_STOPS:
            raise invalid(f"At most {MAX_STOPS} stop sequences are supported.", "stop")

    def _check_messages(self) -> None:
        if not self.messages:
            raise invalid(
                "'messages' is empty; at least one message with role 'user' was expected.", "messages", "empty_array"
            )
        if len(self.messages) > MAX_MESSAGES:
            raise invalid(f"At most {MAX_MESSAGES} messages are accepted.", "messages")
        for index, message in enumerate(self.messages):
            _check_message(message, f"messages[{index}]")
        spoken = [index for index, message in enumerate(self.messages) if message.role in SPEAKERS]
        if not spoken or self.messages[spoken[-1]].role != "user":
            last = spoken[-1] if spoken else len(self.messages) - 1
            raise invalid("The last message beside those of the system must be the user's.", f"messages[{last}].role")
        if not self.messages[spoken[-1]].text:
            raise invalid("The last message of the user must not be empty.", f"messages[{spoken[-1]}].content")

    @property
    def turns(self) -> list[Turn]:
        """Return the messages of user and assistant that say something; the last one is the question."""
        said = [(message.role, message.text) for message in self.messages if message.text]
        return [Turn(role, text) for role, text in said if role in ("user", "assistant")]

    @property
    def instructions(self) -> list[str]:
        """Return the caller's system messages, those that say something."""
        return [message.text for message in self.messages if message.role not in SPEAKERS and message.text]

    @property
    def sampling(self) -> Sampling:
        """Return how to write. Bedrock's temperature ends at 1 where OpenAI's ends at 2."""
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return Sampling(
            max_tokens=self.max_completion_tokens or self.max_tokens,
            temperature=min(1.0, self.temperature) if self.temperature is not None else None,
            top_p=self.top_p,
            stop=tuple(filter(None, stop)),
        )


def _check_message(message: Message, place: str) -> None:
    for name in ("tool_calls", "function_call"):
        if getattr(message, name):
            raise invalid(f"'{name}' is not supported.", f"{place}.{name}", "unsupported_parameter")
    if message.content is None and message.role != "assistant":
        problem = f"{place}: a message of this role must have content."
        raise invalid(problem, f"{place}.content", "missing_required_parameter")
    if "\x00" in message.text:
        raise invalid("The content of a message must not hold NUL characters.", f"{place}.content")


def completion(answer: Answer, *, model: str, identifier: str, created: int) -> dict[str, Any]:
    """Return a chat.completion with our field `slipway` beside OpenAI's."""
    grounding: Grounding = answer.grounding
    message = {"role": "assistant", "content": answer.text, "refusal": None}
    return {
        "id": identifier,
        "object": "chat.completion",
        "created": created,
        "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish_reason}],
        "usage": {
            "prompt_tokens": answer.input_tokens,
            "completion_tokens": answer.output_tokens,
            "total_tokens": answer.input_tokens + answer.output_tokens,
        },
        "slipway": grounding,
    }
