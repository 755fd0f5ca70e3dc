"""Typed variables: what a caller gives becomes text, or an error that names the variable."""

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from slipway_runtime.generate.errors import invalid

MAX_LENGTH = 20_000
MAX_ITEMS = 100
Scalar = str | int | float | bool


class Variable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One variable of a prompt. `max_length`: characters of a string, or of each item of a list.

    `trusted`: the application sets it, no user does; only then may a string or a free list stand in a system message.
    """

    type: Literal["string", "integer", "number", "boolean", "enum", "list"] = "string"
    description: Annotated[str, Meta(max_length=500)] = ""
    required: bool = True
    default: Scalar | list[str] | None = None
    choices: Annotated[list[str], Meta(max_length=200)] = []
    minimum: float | None = None
    maximum: float | None = None
    max_length: Annotated[int, Meta(ge=1, le=200_000)] = MAX_LENGTH
    max_items: Annotated[int, Meta(ge=1, le=1000)] = MAX_ITEMS
    trusted: bool = False

    @property
    def is_free(self) -> bool:
        """Return whether its value may be any text."""
        return self.type == "string" or (self.type == "list" and not self.choices)


class WrongValue(Exception):  # noqa: N818 - not a fault
    """A value that the variable does not take; the text says what it takes."""


def texts(variables: Mapping[str, Variable], given: Mapping[str, Any]) -> dict[str, str]:
    """Return each variable's text.

    Raises: ApiError 400 naming the variable that is unknown, missing or wrong; it never repeats the value.
    """
    if unknown := sorted(set(given) - set(variables)):
        known = ", ".join(sorted(variables)) or "none"
        raise invalid(f"The prompt has no variable '{unknown[0][:64]}'; it has: {known}.", f"variables.{unknown[0]}")
    found = {}
    for name, variable in variables.items():
        value = given.get(name)
        if value is None:
            value = variable.default
        if value is None and variable.required:
            message = f"The variable '{name}' is missing; the prompt needs it as {expected(variable)}."
            raise invalid(message, f"variables.{name}", "missing_required_parameter")
        try:
            found[name] = "" if value is None else text(variable, value)
        except WrongValue as error:
            raise invalid(f"The variable '{name}' must be {error}.", f"variables.{name}") from error
    return found


def text(variable: Variable, value: Any) -> str:
    """Return a value as it stands in a message. Raises: WrongValue saying what was expected."""
    match variable.type:
        case "string" if isinstance(value, str) and len(value) <= variable.max_length:
            return value
        case "integer" if type(value) is int and _within(variable, value):
            return str(value)
        case "number" if type(value) in (int, float) and _within(variable, value):
            return msgspec.json.encode(value).decode()
        case "boolean" if isinstance(value, bool):
            return "true" if value else "false"
        case "enum" if isinstance(value, str) and value in variable.choices:
            return value
        case "list" if isinstance(value, list | tuple) and len(value) <= variable.max_items:
            return "\n".join(_items(variable, value))
    raise WrongValue(expected(variable))


def expected(variable: Variable) -> str:
    """Return what a variable takes, in words."""
    low, high = variable.minimum, variable.maximum
    bounds = "".join(
        [f" of at least {low:g}" if low is not None else "", f" and at most {high:g}" if high is not None else ""]
    )
    choices = ", ".join(variable.choices)
    return {
        "string": f"a string of at most {variable.max_length} characters",
        "integer": f"a whole number{bounds}",
        "number": f"a number{bounds}",
        "boolean": "true or false",
        "enum": f"one of: {choices}",
        "list": f"a list of at most {variable.max_items} "
        + (f"of: {choices}" if choices else f"strings of at most {variable.max_length} characters"),
    }[variable.type]


def _items(variable: Variable, value: list[Any] | tuple[Any, ...]) -> Iterator[str]:
    """Yield a line for each item; a line break within one cannot make two of it."""
    for item in value:
        fits = isinstance(item, str) and len(item) <= variable.max_length
        if not fits or (variable.choices and item not in variable.choices):
            raise WrongValue(expected(variable))
        yield f"- {' '.join(item.split())}"


def _within(variable: Variable, value: float) -> bool:
    low = -math.inf if variable.minimum is None else variable.minimum
    high = math.inf if variable.maximum is None else variable.maximum
    return math.isfinite(value) and low <= value <= high
