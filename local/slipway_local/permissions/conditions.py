"""The condition block of a statement.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

import ipaddress
import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from slipway_local.permissions.patterns import Context, expand, matches

Test = Callable[[str, str, Context], bool]  # policy value, request value, context


class UnsupportedPolicyError(ValueError):
    """A policy holds something that this evaluation does not know; the message names it."""


def holds(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Return whether every key of every operator holds. Raises UnsupportedPolicyError for an unknown operator."""
    return all(
        _holds(name, key, [_text(value) for value in _list(values)], context)
        for name, keys in conditions.items()
        for key, values in keys.items()
    )


def _holds(name: str, key: str, wanted: Sequence[str], context: Context) -> bool:
    given = context.get(key.lower())
    quantifier, _, base = name.rpartition(":")
    if base == "Null":
        return (given is None) == (wanted[0].lower() == "true")
    if_exists = base.endswith("IfExists")
    test, negated = _operator(base.removesuffix("IfExists"), name)
    if given is None:
        # A missing key matches nothing: that is false, but true of a negated operator and of ForAllValues.
        return if_exists or quantifier == "ForAllValues" or (negated and quantifier != "ForAnyValue")
    found = [any(test(one, value, context) for one in wanted) != negated for value in given]
    if quantifier == "ForAllValues" or (negated and quantifier != "ForAnyValue"):
        return all(found)
    return any(found)


def _operator(base: str, name: str) -> tuple[Test, bool]:
    positive = base.replace("Not", "", 1)
    if positive not in TESTS:
        raise UnsupportedPolicyError(f"the condition operator {name}")
    return TESTS[positive], positive != base


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _equals(wanted: str, value: str, context: Context) -> bool:
    return expand(wanted, context) == value


def _equals_ignoring_case(wanted: str, value: str, context: Context) -> bool:
    text = expand(wanted, context)
    return text is not None and text.lower() == value.lower()


def _arn(wanted: str, value: str, context: Context) -> bool:
    """Compare ARNs part by part, so that a wildcard does not reach over a colon of the first five."""
    pattern = expand(wanted, context, quoted=True)
    if pattern is None:
        return False
    left, right = pattern.split(":", 5), value.split(":", 5)
    if len(left) < 6 or len(right) < 6:
        return pattern == "*" or (len(left) == len(right) and matches(pattern, value, context))
    return all(matches(one, other, context) for one, other in zip(left, right, strict=True))


def _compared(parse: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Test:
    def test(wanted: str, value: str, context: Context) -> bool:
        try:
            return compare(parse(value), parse(wanted))
        except ValueError:
            return False

    return test


def _date(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _address(wanted: str, value: str, context: Context) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


_COMPARISONS = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
TESTS: dict[str, Test] = {
    "StringEquals": _equals,
    "StringEqualsIgnoreCase": _equals_ignoring_case,
    "StringLike": lambda wanted, value, context: matches(wanted, value, context),  # noqa: PLW0108 its signature
    "ArnEquals": _arn,
    "ArnLike": _arn,
    "Bool": lambda wanted, value, context: wanted.lower() == value.lower(),
    "BinaryEquals": lambda wanted, value, context: wanted == value,
    "IpAddress": _address,
    **{f"Numeric{name}": _compared(float, compare) for name, compare in _COMPARISONS.items()},
    **{f"Date{name}": _compared(_date, compare) for name, compare in _COMPARISONS.items()},
}
