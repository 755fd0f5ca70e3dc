"""TOKEN Lambda authorizers: validation expression, cached answers, the policy's verdict on one method.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
"""

import fnmatch
import json
import re
import threading
import time
from typing import Any

from slipway_local.functions.service import Functions
from slipway_local.permissions.enforcement import enforcement
from slipway_local.rest_api.responses import GatewayError

DEFAULT_TTL_SECONDS = 300


class TokenAuthorizers:
    """Asks authorizer functions and remembers what they said, per authorizer and token."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._cache: dict[tuple[str, str, str], tuple[float, dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def authorize(self, scope: str, authorizer: Any, headers: dict[str, str], method_arn: str) -> dict[str, Any]:
        """Return `requestContext.authorizer`. Raises GatewayError: 401, 403 or 500. `scope` is API and stage."""
        name = (authorizer.identity_source or "method.request.header.Authorization").rsplit(".", 1)[-1]
        token = next((value for key, value in headers.items() if key.lower() == name.lower()), "")
        expression = authorizer.identity_validation_expression
        if not token or (expression and not re.fullmatch(expression, token)):
            raise GatewayError("UNAUTHORIZED", "Unauthorized")
        answer = self._answer(scope, authorizer, token, method_arn)
        verdict = evaluate(answer["policyDocument"], method_arn)
        if verdict is None:
            raise GatewayError("ACCESS_DENIED", "User is not authorized to access this resource")
        if not verdict:
            raise GatewayError("ACCESS_DENIED", "User is not authorized to access this resource with an explicit deny")
        return {"principalId": answer["principalId"], **_context(answer.get("context") or {})}

    def _answer(self, scope: str, authorizer: Any, token: str, method_arn: str) -> dict[str, Any]:
        ttl = authorizer.authorizer_result_ttl
        ttl = DEFAULT_TTL_SECONDS if ttl is None else int(ttl)
        key = (scope, authorizer.id, token)
        with self._lock:
            known = self._cache.get(key)
        if ttl and known and known[0] > time.monotonic():
            return known[1]
        answer = self._ask(authorizer, token, method_arn)
        if ttl:
            with self._lock:
                self._cache[key] = (time.monotonic() + ttl, answer)
        return answer

    def _ask(self, authorizer: Any, token: str, method_arn: str) -> dict[str, Any]:
        event = {"type": "TOKEN", "authorizationToken": token, "methodArn": method_arn}
        function = authorizer.authorizer_uri.split("/functions/")[1].removesuffix("/invocations")
        place, api = method_arn.split("/", 1)[0].rsplit(":", 1)
        source = f"{place}:{api}/authorizers/{authorizer.id}"
        if not enforcement.service_may("apigateway.amazonaws.com", "lambda:InvokeFunction", function, source):
            raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", None)
        done = self._functions.invoke_arn(function, json.dumps(event).encode())
        try:
            answer = json.loads(done.payload)
        except ValueError:
            answer = None
        if done.failed:
            if isinstance(answer, dict) and answer.get("errorMessage") == "Unauthorized":
                raise GatewayError("UNAUTHORIZED", "Unauthorized")
            raise GatewayError("AUTHORIZER_FAILURE", None)
        if (
            not isinstance(answer, dict)
            or not answer.get("principalId")
            or not _is_policy(answer.get("policyDocument"))
        ):
            raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", None)
        return answer


def _is_policy(document: Any) -> bool:
    return isinstance(document, dict) and bool(document.get("Version")) and bool(document.get("Statement"))


def _context(context: dict[str, Any]) -> dict[str, str]:
    """Return the context as proxied functions see it: text only; lists and objects are refused as by the service."""
    if any(isinstance(value, dict | list) for value in context.values()):
        raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", None)
    shown = {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in context.items()}
    return {key: value for key, value in shown.items() if context[key] is not None}


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
