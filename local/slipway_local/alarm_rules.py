"""The rules of composite alarms: `ALARM("a") OR (OK("b") AND NOT INSUFFICIENT_DATA("c"))`.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html (AlarmRule)
"""

import re
from collections.abc import Mapping

from slipway_local.aws_json import ServiceError

TOKEN = re.compile(
    r"""\s*(?:(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*["']?(.+?)["']?\s*\)|(AND|OR|NOT|TRUE|FALSE|[()]))""", re.I
)


def holds(rule: str, states: Mapping[str, str]) -> bool:
    """Return whether a rule holds over states by name and by ARN. Raises: ServiceError for one that cannot be read."""
    tokens, at = [], 0
    while rule[at:].strip():
        found = TOKEN.match(rule, at)
        if found is None:
            raise ServiceError("ValidationError", f"AlarmRule cannot be read from: {rule[at:].strip()[:60]}")
        state, name, word = found.groups()
        tokens.append(word.upper() if word else str(states.get(name, "INSUFFICIENT_DATA") == state.upper()).upper())
        at = found.end()
    value, left = _any(tokens)
    if left:
        raise ServiceError("ValidationError", f"AlarmRule has too much: {rule}")
    return value


def _any(tokens: list[str]) -> tuple[bool, list[str]]:
    value, left = _all(tokens)
    while left[:1] == ["OR"]:
        other, left = _all(left[1:])
        value = value or other
    return value, left


def _all(tokens: list[str]) -> tuple[bool, list[str]]:
    value, left = _one(tokens)
    while left[:1] == ["AND"]:
        other, left = _one(left[1:])
        value = value and other
    return value, left


def _one(tokens: list[str]) -> tuple[bool, list[str]]:
    match tokens:
        case ["NOT", *rest]:
            value, left = _one(rest)
            return not value, left
        case ["(", *rest]:
            value, left = _any(rest)
            if left[:1] == [")"]:
                return value, left[1:]
        case ["TRUE" | "FALSE" as word, *rest]:
            return word == "TRUE", rest
    raise ServiceError("ValidationError", f"AlarmRule is incomplete at: {' '.join(tokens) or 'its end'}")
