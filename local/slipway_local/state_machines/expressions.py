"""JSONata in state machines: every text `{% … %}` in a template is an expression.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

import hashlib
import json
import random
import uuid
from collections.abc import Mapping
from typing import Any

from slipway_local.state_machines.errors import StatesError

TIME_LIMIT_MS = 5000
RECURSION_LIMIT = 100


def is_expression(value: Any) -> bool:
    """Return whether a value is a text `{% … %}`."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def evaluate(text: str, variables: Mapping[str, Any], field: str = "") -> Any:
    """Return the value of `{% … %}`. Raises StatesError States.QueryEvaluationError, also where there is no value."""
    from jsonata import Jsonata
    from jsonata.utils import Utils

    expression = text[2:-2].strip()
    try:
        parsed = Jsonata(expression)
        parsed.set_output_convert_nulls(False)
        for name, function in FUNCTIONS.items():
            parsed.register_lambda(name, function)
        parsed.assign("eval", None)  # AWS has no $eval
        frame = parsed.create_frame()
        frame.set_runtime_bounds(TIME_LIMIT_MS, RECURSION_LIMIT)
        for name, value in variables.items():
            frame.bind(name, _with_nulls(value, Utils.NULL_VALUE))
        value = parsed.evaluate(None, frame)
    except Exception as error:
        raise _failure(field, expression, f"threw an error: {error}") from error
    if value is None:
        raise _failure(field, expression, "returned nothing (undefined)")
    try:
        return json.loads(json.dumps(Utils.convert_nulls(value)))
    except (TypeError, ValueError) as error:
        raise _failure(field, expression, f"returned what is not JSON: {error}") from error


def _failure(field: str, expression: str, what: str) -> StatesError:
    return StatesError("States.QueryEvaluationError", f"The JSONata expression '{expression}' in '{field}' {what}")


def check(text: str) -> str:
    """Return what is wrong with the syntax of `{% … %}`; an empty text if nothing is."""
    from jsonata import Jsonata

    try:
        Jsonata(text[2:-2].strip())
    except Exception as error:
        return str(error)
    return ""


def render(template: Any, variables: Mapping[str, Any], field: str = "") -> Any:
    """Return a template with each expression in it replaced by its value."""
    if is_expression(template):
        return evaluate(template, variables, field)
    if isinstance(template, list):
        return [render(item, variables, f"{field}[{index}]") for index, item in enumerate(template)]
    if isinstance(template, dict):
        return {key: render(value, variables, f"{field}/{key}") for key, value in template.items()}
    return template


def _with_nulls(value: Any, null: Any) -> Any:
    """Return JSON in the form the library wants: its own null, because None is its undefined."""
    if value is None:
        return null
    if isinstance(value, list):
        return [_with_nulls(item, null) for item in value]
    if isinstance(value, Mapping):
        return {key: _with_nulls(item, null) for key, item in value.items()}
    return value


def _range(first: float, last: float, step: float) -> list[int]:
    if step == 0:
        raise ValueError("the step of $range is not 0")
    return list(range(int(first), int(last) + (1 if step > 0 else -1), int(step)))


def _partition(items: list[Any], size: int) -> list[list[Any]]:
    return [list(items[start : start + size]) for start in range(0, len(items), size)]


def _hash(text: str, algorithm: str) -> str:
    return hashlib.new(algorithm.replace("-", "").lower(), text.encode()).hexdigest()


def _random(seed: Any = None) -> float:
    return (random.Random(seed) if seed is not None else random).random()  # noqa: S311 - as documented


# What Step Functions adds to JSONata.
FUNCTIONS = {
    "partition": _partition,
    "range": _range,
    "hash": _hash,
    "random": _random,
    "uuid": lambda: str(uuid.uuid4()),
    "parse": json.loads,
}
