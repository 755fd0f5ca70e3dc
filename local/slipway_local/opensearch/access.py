"""Data access policies: which role may do what with which collection and index.

Source: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-data-access.html
"""

import fnmatch
import json
import re
from typing import Any

from slipway_local.aws_json import ServiceError

PERMISSIONS = {
    "collection": {f"aoss:{verb}CollectionItems" for verb in ("Create", "Delete", "Update", "Describe")},
    "index": {
        "aoss:CreateIndex", "aoss:DeleteIndex", "aoss:UpdateIndex", "aoss:DescribeIndex", "aoss:ReadDocument",
        "aoss:WriteDocument",
    },
}  # fmt: skip
PRINCIPAL = re.compile(r"arn:[^:]+:(iam|sts)::\d{12}:(user|role|root|assumed-role)(/.+)?|saml/.+")


def checked(text: str) -> list[dict[str, Any]]:
    """Return a policy's statements. Raises: ServiceError for one that the service would not take."""
    try:
        statements = json.loads(text)
    except ValueError as error:
        raise _invalid(str(error)) from error
    for statement in statements if isinstance(statements, list) else [statements]:
        if not isinstance(statement, dict) or set(statement) - {"Rules", "Principal", "Description"}:
            raise _invalid("a statement has Rules, Principal and Description")
        for principal in statement.get("Principal", ()):
            if not PRINCIPAL.fullmatch(principal):
                raise _invalid(f"{principal!r} is no IAM principal")
        for rule in statement.get("Rules", ()):
            _check_rule(rule)
        if not statement.get("Principal") or not statement.get("Rules"):
            raise _invalid("a statement needs Rules and Principal")
    return list(statements)


def _check_rule(rule: dict[str, Any]) -> None:
    kind = rule.get("ResourceType")
    if kind not in PERMISSIONS or set(rule) != {"ResourceType", "Resource", "Permission"}:
        raise _invalid("a rule has ResourceType (collection or index), Resource and Permission")
    if any(not each.startswith(f"{kind}/") for each in rule["Resource"]):
        raise _invalid(f"the resources of a {kind} rule begin with {kind}/")
    if unknown := set(rule["Permission"]) - PERMISSIONS[kind] - {"aoss:*"}:
        raise _invalid(f"{sorted(unknown)[0]} is no permission of a {kind} rule")


def allows(statements: list[dict[str, Any]], principals: set[str], permission: str, resource: str) -> bool:
    """Return whether the statements let one of these principals do that with `index/<collection>/<index>`."""
    return any(
        not principals.isdisjoint(statement["Principal"])
        and any(_covers(rule, permission, resource) for rule in statement["Rules"])
        for statement in statements
    )


def _covers(rule: dict[str, Any], permission: str, resource: str) -> bool:
    named = permission in rule["Permission"] or "aoss:*" in rule["Permission"]
    return named and any(fnmatch.fnmatchcase(resource, pattern) for pattern in rule["Resource"])


def _invalid(reason: str) -> ServiceError:
    return ServiceError("ValidationException", f"Policy json is invalid, error: [{reason}]")
