"""Policy documents: parsed once per text, and what of a request one of their statements speaks of.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway_local.permissions.conditions import UnsupportedPolicyError, holds
from slipway_local.permissions.patterns import Context, matches

ELEMENTS = frozenset(
    ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition")
)


@dataclass(frozen=True)
class Statement:
    """One statement; `name` is its Sid or its number, from 1."""

    name: str
    allows: bool
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    principal: Mapping[str, tuple[str, ...]] | None
    not_principal: Mapping[str, tuple[str, ...]] | None
    conditions: Mapping[str, Mapping[str, Any]] = field(repr=False)

    def match(self, action: str, resource: str, context: Context) -> tuple[str, str] | None:
        """Return the action and resource as the statement writes them, None if it does not speak of this request."""
        named = next((one for one in self.actions if matches(one, action, {}, ignore_case=True)), None)
        if self.not_actions and not _any(self.not_actions, action, {}, ignore_case=True):
            named = "NotAction"
        if named is None:
            return None
        covered = next((one for one in self.resources if matches(one, resource, context)), None)
        if self.not_resources and not _any(self.not_resources, resource, context):
            covered = "NotResource"
        if not (self.resources or self.not_resources):  # a role's trust policy speaks of the role itself
            covered = "-"
        if covered is None or not holds(self.conditions, context):
            return None
        return named, covered


def _any(patterns: Iterable[str], value: str, context: Context, *, ignore_case: bool = False) -> bool:
    return any(matches(one, value, context, ignore_case=ignore_case) for one in patterns)


@functools.lru_cache(maxsize=1024)
def parse(text: str) -> tuple[Statement, ...]:
    """Return the statements of a document. Raises UnsupportedPolicyError for one that is no policy."""
    try:
        document = json.loads(text)
        statements = _list(document["Statement"])
        return tuple(_statement(number, statement) for number, statement in enumerate(statements, 1))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, UnsupportedPolicyError):
            raise
        raise UnsupportedPolicyError(f"a policy that cannot be read ({error!r})") from error


def _statement(number: int, statement: dict[str, Any]) -> Statement:
    if unknown := set(statement) - ELEMENTS:
        raise UnsupportedPolicyError(f"the policy element {sorted(unknown)[0]}")
    if "NotPrincipal" in statement and statement["Effect"] == "Allow":
        raise UnsupportedPolicyError("NotPrincipal with Allow, which AWS does not support")
    return Statement(
        name=str(statement.get("Sid") or number),
        allows=statement["Effect"] == "Allow",
        actions=_texts(statement.get("Action")),
        not_actions=_texts(statement.get("NotAction")),
        resources=_texts(statement.get("Resource")),
        not_resources=_texts(statement.get("NotResource")),
        principal=_principal(statement.get("Principal")),
        not_principal=_principal(statement.get("NotPrincipal")),
        conditions=statement.get("Condition", {}),
    )


def _principal(value: Any) -> Mapping[str, tuple[str, ...]] | None:
    if value is None:
        return None
    if isinstance(value, str):  # `*`, or as moto keeps a role or account in a function's policy
        return {"*" if value == "*" else "AWS": (value,)}
    return {kind: _texts(names) for kind, names in value.items()}


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in _list(value)) if value is not None else ()


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
