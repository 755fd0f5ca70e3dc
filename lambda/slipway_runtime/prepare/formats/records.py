"""JSON and JSON Lines as `path: value` lines, one paragraph per record."""

import json
from collections.abc import Iterator
from typing import Any

from slipway_runtime.prepare.document import Extracted, Section
from slipway_runtime.prepare.rejected import Rejected


def read_json(text: str) -> Extracted:
    """Return a JSON document's values, each with its path; a list at the top gives numbered records.

    Raises: Rejected("broken_json") with the line of the first error.
    """
    value = _parse(text, "the document")
    if isinstance(value, list):
        return Extracted(sections=[Section(text=_records(enumerate(value, 1)))])
    return Extracted(sections=[Section(text="\n".join(_lines(value)))])


def read_json_lines(text: str) -> Extracted:
    """Return each line's record as a paragraph that names its line.

    Raises: Rejected("broken_json") with the number of the first line that is not JSON.
    """
    numbered = ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
    return Extracted(
        sections=[Section(text=_records((number, _parse(line, f"line {number}")) for number, line in numbered))]
    )


def _parse(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}" if place == "the document" else place
        raise Rejected("broken_json", f"not valid JSON at {where}; correct it and upload it again") from error
    except (RecursionError, ValueError) as error:
        raise Rejected("broken_json", f"{place} is nested too deeply or holds a number too long; flatten it") from error


def _records(numbered: Iterator[tuple[int, Any]]) -> str:
    return "\n\n".join("\n".join((f"Record {number}", *_lines(value))) for number, value in numbered)


def _lines(value: Any) -> Iterator[str]:
    """Walk with a stack, not recursion: depth is the sender's choice."""
    stack: list[tuple[str, Any]] = [("", value)]
    while stack:
        path, item = stack.pop()
        if isinstance(item, dict):
            stack.extend((f"{path}.{key}" if path else str(key), child) for key, child in reversed(item.items()))
        elif isinstance(item, list):
            stack.extend((f"{path}[{index}]", child) for index, child in reversed(list(enumerate(item))))
        elif item is not None and item != "":
            shown = item if isinstance(item, str) else json.dumps(item)
            yield f"{path}: {shown}" if path else shown
