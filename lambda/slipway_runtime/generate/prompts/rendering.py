"""From a prompt's version and values to the messages of a request."""

from collections.abc import Mapping
from typing import Any

import msgspec

from slipway_runtime.generate.prompts import structured, template, values
from slipway_runtime.generate.prompts.content import Message, Prompt
from slipway_runtime.generate.prompts.example_sets import Example


def texts(prompt: Prompt, given: Mapping[str, Any]) -> dict[str, str]:
    """Return the text of each variable, which cannot close or open the prompt's tags. Raises: ApiError 400."""
    found = values.texts(prompt.variables, given)
    return {name: template.as_data(value, prompt.tags) for name, value in found.items()}


def messages(prompt: Prompt, filled: Mapping[str, str], examples: list[Example]) -> list[Message]:
    """Return the messages: system, earlier turns, examples (as data, never templates), the last user message."""
    made = [Message(each.role, template.render(each.content, filled)) for each in prompt.messages]
    if prompt.reasoning == "steps" and prompt.response_format is None:
        made = _with_steps(made)
    turns = [
        Message(role, text)  # type: ignore[arg-type]
        for each in examples
        for role, text in (("user", each.input), ("assistant", each.output))
    ]
    return [*made[:-1], *turns, made[-1]] if turns else made


def parameters(prompt: Prompt) -> dict[str, Any]:
    """Return the fields of a chat completion that the prompt sets: temperature, response_format …"""
    found: dict[str, Any] = msgspec.to_builtins(prompt.parameters)
    if prompt.response_format:
        steps = prompt.reasoning == "steps"
        found["response_format"] = structured.response_format(prompt.response_format, steps=steps)
    return found


def _with_steps(made: list[Message]) -> list[Message]:
    at = sum(message.role == "system" for message in made)
    if not at:
        return [Message("system", structured.STEPS), *made]
    last = made[at - 1]
    return [*made[: at - 1], Message("system", f"{last.content}\n\n{structured.STEPS}"), *made[at:]]
