"""Lambda authorizers of REST APIs: TOKEN and REQUEST, cached answers, the policy's verdict on one method.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
"""

import json
import re
from typing import Any

from slipway_local.functions.service import Functions
from slipway_local.rest_api.cache import ExpiringCache
from slipway_local.rest_api.lambda_proxy import NotPermittedError, function_of, permitted
from slipway_local.rest_api.policy import evaluate, is_policy
from slipway_local.rest_api.request import ApiRequest
from slipway_local.rest_api.responses import GatewayError, mapped

DEFAULT_TTL_SECONDS = 300
UNAUTHORIZED = ("UNAUTHORIZED", "Unauthorized")


class LambdaAuthorizers:
    """Asks authorizer functions and remembers what they said, per authorizer and identity."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._cache = ExpiringCache()

    def authorize(
        self, authorizer: Any, request: ApiRequest, event: dict[str, Any], method_arn: str
    ) -> tuple[dict[str, Any], str | None]:
        """Return `requestContext.authorizer` and the usage identifier key.

        `event` is the request as a REQUEST authorizer gets it. Raises: GatewayError: 401, 403 or 500.
        """
        variables = event["stageVariables"] or {}
        ttl = DEFAULT_TTL_SECONDS if authorizer.authorizer_result_ttl is None else int(authorizer.authorizer_result_ttl)
        sources = [one.strip() for one in (authorizer.identity_source or "").split(",") if one.strip()]
        if authorizer.type == "TOKEN":
            sources = sources or ["method.request.header.Authorization"]
        identity = [mapped(source, request, event["requestContext"], variables) for source in sources]
        if authorizer.type == "TOKEN":
            expression = authorizer.identity_validation_expression
            if not identity[0] or (expression and not re.fullmatch(expression, identity[0])):
                raise GatewayError(*UNAUTHORIZED)
            asked = {"type": "TOKEN", "authorizationToken": identity[0], "methodArn": method_arn}
        else:
            # Only a cached authorizer needs its identity sources: they are the key.
            if ttl and not all(identity):
                raise GatewayError(*UNAUTHORIZED)
            asked = {"type": "REQUEST", "methodArn": method_arn, **event}
        key = (request.api_id, request.stage, authorizer.id, *identity)
        place, api = method_arn.split("/", 1)[0].rsplit(":", 1)
        source = f"{place}:{api}/authorizers/{authorizer.id}"
        answer = self._cache.get(key, ttl if identity else 0, lambda: self._ask(authorizer, asked, variables, source))
        verdict = evaluate(answer["policyDocument"], method_arn)
        if verdict is None:
            raise GatewayError("ACCESS_DENIED", "User is not authorized to access this resource")
        if not verdict:
            raise GatewayError("ACCESS_DENIED", "User is not authorized to access this resource with an explicit deny")
        shown = {"principalId": answer["principalId"], **_context(answer.get("context") or {})}
        return shown, answer.get("usageIdentifierKey")

    def _ask(
        self, authorizer: Any, event: dict[str, Any], variables: dict[str, str], source_arn: str
    ) -> dict[str, Any]:
        try:
            function = permitted(function_of(authorizer.authorizer_uri, variables), source_arn)
        except NotPermittedError:
            raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", None) from None
        done = self._functions.invoke_arn(function, json.dumps(event).encode())
        try:
            answer = json.loads(done.payload)
        except ValueError:
            answer = None
        if done.failed:
            if isinstance(answer, dict) and answer.get("errorMessage") == "Unauthorized":
                raise GatewayError(*UNAUTHORIZED)
            raise GatewayError("AUTHORIZER_FAILURE", None)
        if not isinstance(answer, dict) or not answer.get("principalId") or not is_policy(answer.get("policyDocument")):
            raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", None)
        return answer


def _context(context: dict[str, Any]) -> dict[str, str]:
    """Return the context as proxied functions see it: text only; lists and objects are refused as by the service."""
    if any(isinstance(value, dict | list) for value in context.values()):
        raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", None)
    shown = {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in context.items()}
    return {key: value for key, value in shown.items() if context[key] is not None}
