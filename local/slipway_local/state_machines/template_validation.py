"""What is wrong with the templates of a state: its expressions, paths and intrinsic functions.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from collections.abc import Iterator
from typing import Any

from slipway_local.state_machines import expressions, intrinsics
from slipway_local.state_machines.errors import StatesError
from slipway_local.state_machines.fields import PATH_ONLY

REFERENCE_PATHS = {"ResultPath", "ItemsPath"}
Problem = tuple[str, str, str]  # code, message, location


def schema(message: str, at: str) -> Problem:
    """Return the problem that a field has the wrong form."""
    return "SCHEMA_VALIDATION_FAILED", message, at or "/"


def templates(value: Any, at: str, language: str) -> Iterator[Problem]:
    """Check the expressions, paths and intrinsic functions in a state, not in the blocks within it."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ("Branches", "ItemProcessor", "Iterator"):
                continue
            if key.endswith(".$") and language == "JSONPath":
                yield from _path(item, f"{at}/{key}")
            elif key.endswith("Path") and key in PATH_ONLY and item is not None:
                if not str(item).startswith("$"):
                    yield schema(f"Value {item!r} is not a valid path", f"{at}/{key}")
                elif key in REFERENCE_PATHS and str(item).endswith("()"):
                    yield schema(f"Value {item!r} is not a valid reference path: it has a function", f"{at}/{key}")
            else:
                yield from templates(item, f"{at}/{key}", language)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from templates(item, f"{at}[{index}]", language)
    elif language == "JSONata" and expressions.is_expression(value) and (wrong := expressions.check(value)):
        yield schema(f"The JSONata expression cannot be read: {wrong}", at)


def _path(text: Any, at: str) -> Iterator[Problem]:
    if not isinstance(text, str) or not text.startswith(("$", "States.")):
        yield schema(f"The value {text!r} of a field ending in '.$' is no path or intrinsic function", at)
        return
    try:
        if text.startswith("States."):
            intrinsics.check(text)
    except StatesError as error:
        yield schema(error.cause, at)
