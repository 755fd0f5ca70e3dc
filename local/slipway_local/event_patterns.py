"""Event patterns: what EventBridge and Lambda's filters refuse in them, and TestEventPattern, of which moto lacks both.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

import ipaddress
import json
from typing import Any

TEXTUAL = ("equals-ignore-case", "prefix", "suffix", "wildcard")
OPERATORS = ("anything-but", "cidr", "exists", "numeric", *TEXTUAL)
COMPARISONS = ("<", "<=", "=", ">", ">=")
FIELDS = ("id", "account", "source", "time", "region", "resources", "detail-type")


def install() -> None:
    """Put the checks behind moto's own, which look at objects and arrays alone, and answer TestEventPattern."""
    from moto.events.exceptions import InvalidEventPatternException
    from moto.events.models import EventPatternParser
    from moto.events.responses import EventsHandler

    shape = EventPatternParser._validate_event_pattern

    def validate(self: Any, pattern: Any) -> None:
        if not isinstance(pattern, dict):
            raise InvalidEventPatternException(reason="Filter is not an object")
        shape(self, pattern)  # which comes back here for what is nested
        for name, values in pattern.items():
            for value in values if isinstance(values, list) else ():
                if name == "$or":
                    self._validate_event_pattern(value)
                elif fault := _fault(value):
                    raise InvalidEventPatternException(reason=f"{fault} at {name}")

    EventPatternParser._validate_event_pattern = validate
    EventsHandler.test_event_pattern = _test


def fault_of(pattern: str) -> str | None:
    """Return why a pattern, as JSON, is refused, None for a valid one."""
    from moto.events.exceptions import InvalidEventPatternException
    from moto.events.models import EventPattern

    try:
        EventPattern.load(pattern)
    except InvalidEventPatternException as error:
        return str(error.message)
    return None


def _test(handler: Any) -> Any:
    """Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html"""
    from moto.events.exceptions import ValidationException
    from moto.events.models import EventPattern

    pattern = EventPattern.load(handler._get_param("EventPattern"))
    try:
        event = json.loads(handler._get_param("Event"))
    except ValueError:
        event = None
    if not isinstance(event, dict) or set(FIELDS) - set(event):
        raise ValidationException(f"Parameter Event is not valid. Reason: It must contain all of {', '.join(FIELDS)}")
    return handler._create_response({"Result": pattern.matches_event(event)})


def _fault(value: Any) -> str | None:
    """Return what is wrong with one of the values that a field may have."""
    if not isinstance(value, dict | list):
        return None
    if isinstance(value, list) or len(value) != 1:
        return "A match is a value or an object with one operator"
    [(operator, operand)] = value.items()
    if operator not in OPERATORS:
        return f"Unrecognized match type {operator}"
    return None if _takes(operator, operand) else f"{operator} does not take {json.dumps(operand)}"


def _takes(operator: str, operand: Any) -> bool:
    if operator == "exists":
        return isinstance(operand, bool)
    if operator == "numeric":
        return _is_range(operand)
    if operator == "cidr":
        return isinstance(operand, str) and _is_network(operand)
    if operator == "anything-but":
        return _is_excluded(operand)
    ignoring = isinstance(operand, dict) and [*operand] == ["equals-ignore-case"] and operator in ("prefix", "suffix")
    text = operand["equals-ignore-case"] if ignoring else operand
    return isinstance(text, str) and not (operator == "wildcard" and "**" in text)


def _is_range(operand: Any) -> bool:
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        return False
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in operand[1::2])
    return numbers and all(one in COMPARISONS for one in operand[::2])


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _is_excluded(operand: Any) -> bool:
    if isinstance(operand, dict):
        [(operator, texts)] = operand.items() if len(operand) == 1 else [("", "")]
        return operator in TEXTUAL and all(
            isinstance(one, str) for one in (texts if isinstance(texts, list) else [texts])
        )
    values = operand if isinstance(operand, list) else [operand]
    return bool(values) and not any(isinstance(one, dict | list) for one in values)
