"""What is wrong with a template's intrinsic functions: the arguments that cfn-lint's schema of a function forbids.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import functools
import re
from collections.abc import Collection, Iterator
from typing import Any

from slipway_local.deploy.schemas import other_schema, validator_class, violations

OPERATORS = ("Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or", "Condition")  # what a condition may be made of
UNCHECKED = ("Fn::Contains",)  # of rules; cfn-lint has no schema of it


def calls(value: Any, place: str, *, conditional: bool = False) -> Iterator[tuple[str, str, Any]]:
    """Yield (place, function, argument) of each function in a value, the outer before the inner.

    `Condition` counts in a condition only, a value that is `conditional`.
    """
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from calls(item, f"{place}[{index}]", conditional=conditional)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == "Ref" or name.startswith("Fn::") or (conditional and name == "Condition"):
                yield f"{place}.{name}", name if len(value) == 1 else "", item
            yield from calls(item, f"{place}.{name}", conditional=conditional)


def wrong_calls(value: Any, place: str, conditions: Collection[str], *, conditional: bool = False) -> Iterator[str]:
    """Yield a sentence for each function that is unknown, has members beside it or gets what it does not take."""
    for where, name, argument in calls(value, place, conditional=conditional):
        validator = _validator(name)
        if not name:
            yield f"{where} stands beside other members: a function is an object of its own"
        elif name in UNCHECKED:
            continue
        elif validator is None:
            yield f"{where} is no intrinsic function that is emulated"
        elif wrong := [f"{where}{path} {what}" for path, what in violations(validator, argument)]:
            yield from wrong
        elif name in ("Fn::If", "Condition"):
            condition = argument[0] if name == "Fn::If" else argument
            if condition not in conditions:
                yield f"{where}: there is no condition {condition} in this template"


@functools.cache
def _validator(name: str) -> Any:
    schema = other_schema("functions", name.removeprefix("Fn::").lower()) if name else None
    return None if schema is None else _class()(schema)


@functools.cache
def _class() -> Any:
    """Return a validator that knows the keywords of cfn-lint's function schemas."""
    from jsonschema import Draft202012Validator, validators

    keywords = {"prefixItems": Draft202012Validator.VALIDATORS["prefixItems"], "cfnContext": _in_context}
    return validators.extend(validator_class(), keywords)


def _in_context(validator: Any, rule: Any, instance: Any, schema: Any) -> Iterator[Any]:
    """Check a value by the schema for it, a function by the list of those that may stand in its place."""
    from jsonschema import ValidationError

    name = str(next(iter(instance))) if isinstance(instance, dict) and len(instance) == 1 else ""
    supported = rule["functions"]
    if name not in ("Ref", "Condition") and not name.startswith("Fn::"):
        yield from validator.descend(instance, rule["schema"])
    elif isinstance(supported, list) and not any(re.fullmatch(pattern, name) for pattern in supported):
        yield ValidationError(f"takes no {name}, but a value or one of [{', '.join(supported)}]")
