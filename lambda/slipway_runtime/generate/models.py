"""Text models as the parts that ask in one turn see them: a system prompt, turns, a whole reply.

Source: OpenAI API reference, "Create chat completion", whose words the finish reasons are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import msgspec

from slipway_runtime.generate.backends.bedrock import TRANSIENT
from slipway_runtime.generate.conversation import Message, ModelRequest, Sampling
from slipway_runtime.generate.events import collect
from slipway_runtime.generate.routes.router import Router
from slipway_runtime.generate.routes.table import Alias
from slipway_runtime.operate.retry import Deadline

__all__ = ["TRANSIENT", "Reply", "RoutedModel", "Sampling", "Spent", "TextModel", "Turn"]

Spent = Callable[[str, int, int], None]


class Turn(msgspec.Struct, frozen=True):
    """One message of a conversation; `role` is "user" or "assistant"."""

    role: str
    text: str


class Reply(msgspec.Struct, frozen=True):
    """What the model wrote; `finish_reason` in OpenAI's words; tokens as the model counted them."""

    text: str
    finish_reason: str
    input_tokens: int
    output_tokens: int


class TextModel(Protocol):
    """Anything that continues a conversation."""

    def converse(self, system: str, turns: list[Turn], sampling: Sampling, deadline: Deadline) -> Reply:
        """Return the reply."""
        ...


@dataclass(frozen=True, kw_only=True)
class RoutedModel:
    """Whatever stands behind an alias; the same route for the same user. `spent` is told each call."""

    router: Router
    name: str
    alias: Alias
    user: str = ""
    spent: Spent | None = None

    def converse(self, system: str, turns: list[Turn], sampling: Sampling, deadline: Deadline) -> Reply:
        """Return the model's reply.

        Raises: ApiError 404 for a model that its service does not know, 400 for a context too long, 429 when throttled
        past the deadline, 503 when unavailable, 504 when it does not answer before the deadline, 500 otherwise.
        """
        request = ModelRequest(messages=messages(system, turns), sampling=sampling)
        whole = collect(self.router.stream(self.name, self.alias, request, self.user, deadline))
        if self.spent:
            self.spent(whole.route, whole.input_tokens, whole.output_tokens)
        return Reply(whole.text, whole.finish_reason, whole.input_tokens, whole.output_tokens)


def messages(system: str, turns: list[Turn]) -> tuple[Message, ...]:
    """Return a system prompt and turns as messages."""
    return (Message("system", system), *(Message(turn.role, turn.text) for turn in turns))
