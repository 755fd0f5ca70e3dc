"""JSON and JSON Lines as `path: value` lines, one paragraph per record.

A name that comes twice in an object keeps every value, in order: the standard leaves open which one counts, so none is
lost. Source: RFC 8259, section 4.
"""

import json
from collections.abc import Iterator
from typing import Any

from slipway_runtime.prepare.budget import TextBudget
from slipway_runtime.prepare.document import Extracted, Section
from slipway_runtime.prepare.redact.assigned import SPACE, is_telling
from slipway_runtime.prepare.rejected import Rejected


class Members(list[tuple[str, Any]]):
    """The members of an object, also those of the same name."""


def read_json(text: str, budget: TextBudget) -> Extracted:
    """Return a JSON document's values, each with its path; a list at the top gives numbered records.

    Raises: Rejected("broken_json") with the line of the first error, Rejected("too_large") past the budget.
    """
    value = _parse(text, "the document")
    if isinstance(value, list) and not isinstance(value, Members):
        return Extracted(sections=[Section(text=_records(enumerate(value, 1), budget))])
    return Extracted(sections=[Section(text="\n".join(budget.each(_lines(value))))])


def read_json_lines(text: str, budget: TextBudget) -> Extracted:
    """Return each line's record as a paragraph that names its line.

    Raises: Rejected("broken_json") with the number of the first line that is not JSON, Rejected("too_large") past the
    budget.
    """
    numbered = ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
    records = ((number, _parse(line, f"line {number}")) for number, line in numbered)
    return Extracted(sections=[Section(text=_records(records, budget))])


def _parse(text: str, place: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=Members)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}" if place == "the document" else place
        raise Rejected("broken_json", f"not valid JSON at {where}; correct it and upload it again") from error
    except (RecursionError, ValueError) as error:
        raise Rejected("broken_json", f"{place} is nested too deeply or holds a number too long; flatten it") from error


def _records(numbered: Iterator[tuple[int, Any]], budget: TextBudget) -> str:
    lines = ("\n".join((budget.take(f"Record {number}"), *budget.each(_lines(value)))) for number, value in numbered)
    return "\n\n".join(lines)


def _lines(value: Any) -> Iterator[str]:
    """Walk with a stack, not recursion: depth is the sender's choice.

    A path is put together only where it is written: a long key over a long list would be copied for each item at once.
    """
    parts: list[str] = []
    stack: list[Iterator[tuple[str, Any]]] = [iter([("", value)])]
    while stack:
        step = next(stack[-1], None)
        if step is None:
            stack.pop()
            continue
        part, item = step
        parts[len(stack) - 1 :] = [part]
        if isinstance(item, list):
            stack.append(_children(item))
        elif item is not None and item != "":
            shown = _shown(part, item)
            path = "".join(parts).removeprefix(".")
            yield f"{path}: {shown}" if path else shown


def _shown(part: str, item: str | float | bool) -> str:
    """Return a value as text; a secret of several words stays in quotes, so that redaction sees all of it."""
    if not isinstance(item, str):
        return json.dumps(item)
    return json.dumps(item, ensure_ascii=False) if SPACE.search(item) and is_telling(part) else item


def _children(item: list[Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(item, Members):
        return ((f".{key}", child) for key, child in item)
    return ((f"[{index}]", child) for index, child in enumerate(item))
