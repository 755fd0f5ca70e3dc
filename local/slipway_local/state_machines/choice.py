"""The rules of Choice states in JSONPath.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

import operator
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from slipway_local.state_machines.errors import StatesError, runtime_error

ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
Read = Callable[[str], Any]


def moment(text: Any) -> datetime:
    """Return a timestamp as ISO 8601 writes it, with `T` and a time zone. Raises ValueError for any other text."""
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text):
        raise ValueError(f"{text!r} is not a timestamp")
    return datetime.fromisoformat(text)


def _is_moment(value: Any) -> bool:
    try:
        moment(value)
    except ValueError:
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


KINDS: dict[str, Callable[[Any], bool]] = {
    "String": lambda value: isinstance(value, str),
    "Numeric": _is_number,
    "Boolean": lambda value: isinstance(value, bool),
    "Timestamp": _is_moment,
}
TYPE_TESTS: dict[str, Callable[[Any], bool]] = {
    **{f"Is{kind}": test for kind, test in KINDS.items()},
    "IsNull": lambda value: value is None,
}
COMPARISON = re.compile(rf"({'|'.join(KINDS)})({'|'.join(sorted(ORDER, key=len, reverse=True))})(Path)?")


def operator_of(rule: dict[str, Any]) -> str | None:
    """Return the name of a rule's comparison, None if it has none or more than one."""
    known = [
        key for key in rule if key in TYPE_TESTS or key in ("IsPresent", "StringMatches") or COMPARISON.fullmatch(key)
    ]
    return known[0] if len(known) == 1 else None


def holds(rule: dict[str, Any], read: Read) -> bool:
    """Return whether a rule holds; `read` returns the value at a path. Raises StatesError for a path without value."""
    if "And" in rule:
        return all(holds(one, read) for one in rule["And"])
    if "Or" in rule:
        return any(holds(one, read) for one in rule["Or"])
    if "Not" in rule:
        return not holds(rule["Not"], read)
    name = operator_of(rule)
    if name is None:
        raise runtime_error(f"The choice rule {rule} has no known operator")
    if name == "IsPresent":
        return bool(_present(rule["Variable"], read) == rule[name])
    return _compared(name, read(rule["Variable"]), rule[name], read)


def _compared(name: str, value: Any, expected: Any, read: Read) -> bool:
    if name in TYPE_TESTS:
        return bool(TYPE_TESTS[name](value) == expected)
    match = COMPARISON.fullmatch(name)
    if match is None:  # StringMatches
        return isinstance(value, str) and re.fullmatch(_pattern(expected), value, re.DOTALL) is not None
    kind, order, by_path = match.groups()
    if by_path:
        expected = read(expected)
    if not (KINDS[kind](value) and KINDS[kind](expected)):
        return False
    if kind == "Timestamp":
        value, expected = moment(value), moment(expected)
    return ORDER[order](value, expected)


def _present(path: str, read: Read) -> bool:
    try:
        read(path)
    except StatesError:
        return False
    return True


def _pattern(wildcards: str) -> str:
    parts = re.split(r"(\\.|\*)", wildcards)
    return "".join(
        ".*" if part == "*" else re.escape(part.removeprefix("\\") if part[:1] == "\\" else part) for part in parts
    )
