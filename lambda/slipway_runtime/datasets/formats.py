"""Lines of a finished dataset: what a trainer reads, and beside it where each line came from.

Source: "Language modeling", "Conversational" and "Prompt-completion" in https://huggingface.co/docs/trl/dataset_formats
"""

from typing import Any

import msgspec

from slipway_runtime.datasets.example import Example
from slipway_runtime.datasets.recipe import Kind
from slipway_runtime.datasets.refused import Refused


def check_kind(example: Example, kind: Kind) -> None:
    """Raise Refused if an example cannot be a line of this kind of dataset."""
    if (kind == "text") != bool(example.text):
        held = "text" if example.text else "messages"
        raise Refused("wrong_kind", f"it holds {held}, the dataset is of kind {kind}; build another dataset of it")
    if kind == "prompt-completion" and (len(example.messages) < 2 or example.messages[-1].role != "assistant"):
        raise Refused("no_completion", "an assistant's message must come last, after a prompt; use kind messages")


def dataset_line(example: Example, kind: Kind, group: str) -> bytes:
    """Return the line of an example that `check_kind` passed."""
    lineage = ("origin", "documents", "source_versions", "rules")
    line: dict[str, Any] = {name: getattr(example, name) for name in lineage}
    line |= {"example_id": example.example_id, "group": group}
    match kind:
        case "text":
            line["text"] = example.text
        case "messages":
            line["messages"] = example.messages
        case "prompt-completion":
            line |= {"prompt": example.messages[:-1], "completion": example.messages[-1:]}
    return msgspec.json.encode(line, order="sorted") + b"\n"
