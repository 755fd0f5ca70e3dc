"""What differs between two versions, line by line."""

import difflib
from typing import Any

import msgspec
from msgspec import json

from slipway_runtime.generate.prompts.content import Prompt


def difference(before: Prompt, after: Prompt, names: tuple[str, str]) -> list[str]:
    """Return a unified diff of two contents, empty if they are the same; messages line by line."""
    return list(difflib.unified_diff(lines(before), lines(after), *names, lineterm=""))


def lines(prompt: Prompt) -> list[str]:
    """Return a content as lines that people read: each message's text as it is, everything else as JSON."""
    found: list[str] = []
    rest: dict[str, Any] = msgspec.to_builtins(prompt)
    for message in prompt.messages:
        found += [f"[{message.role}]", *message.content.split("\n")]
    for name, value in sorted(rest.items()):
        if name != "messages":
            text = json.format(json.encode(value, order="sorted"), indent=2).decode()
            found += [f"[{name}]", *text.split("\n")]
    return found
