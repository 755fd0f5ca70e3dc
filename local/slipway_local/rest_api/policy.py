"""An authorizer's policy: does it allow one method?

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
"""

import fnmatch
from typing import Any


def is_policy(document: Any) -> bool:
    """Return whether a function's answer looks like a policy."""
    return isinstance(document, dict) and bool(document.get("Version")) and bool(document.get("Statement"))


def evaluate(document: dict[str, Any], method_arn: str) -> bool | None:
    """Return True for allowed, False for explicitly denied, None when no statement speaks of the method.

    A statement with a condition is taken as one that does not speak: conditions are not evaluated.
    """
    verdict: bool | None = None
    for statement in _list(document["Statement"]):
        actions = [action.lower() for action in _list(statement.get("Action", []))]
        names = any(fnmatch.fnmatchcase("execute-api:invoke", action) for action in actions)
        resources = _list(statement.get("Resource", []))
        if not names or "Condition" in statement or not any(_matches(r, method_arn) for r in resources):
            continue
        if statement["Effect"] == "Deny":
            return False
        verdict = True
    return verdict


def _matches(pattern: str, arn: str) -> bool:
    # Only * and ? are wildcards in a policy; fnmatch would take [ too.
    return fnmatch.fnmatchcase(arn, pattern.replace("[", "[[]"))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
