"""Authorizers of HTTP APIs: JSON web tokens of a user pool, and functions with simple or policy answers.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
"""

import json
import re
from typing import Any

from slipway_local.cognito.tokens import TokenError, verify
from slipway_local.functions.service import Functions
from slipway_local.http_api.errors import HttpApiError
from slipway_local.rest_api.cache import ExpiringCache
from slipway_local.rest_api.lambda_proxy import NotPermittedError, function_of, permitted
from slipway_local.rest_api.policy import evaluate, is_policy
from slipway_local.rest_api.request import ApiRequest

ISSUER = re.compile(r"https://cognito-idp\.([a-z0-9-]+)\.amazonaws\.com/([a-z0-9-]+_[A-Za-z0-9]+)")


def jwt_claims(authorizer: Any, scopes: list[str], request: ApiRequest, account: str) -> dict[str, Any]:
    """Return `authorizer.jwt` of the request context. Raises: HttpApiError 401 for a bad token, 403 for its scopes."""
    source = (authorizer.identity_source or ["$request.header.Authorization"])[0]
    token = (_identity(source, request, {}) or "").removeprefix("Bearer ").removeprefix("bearer ").strip()
    if not token:
        raise HttpApiError(401, "Unauthorized", {"www-authenticate": "Bearer"})
    try:
        claims = verify(token, _pool(authorizer.jwt_config["issuer"], account))
        audience = claims["aud"] if "aud" in claims else claims.get("client_id")
        given = set(audience if isinstance(audience, list) else [audience])
        if not given & set(authorizer.jwt_config.get("audience") or []):
            raise TokenError("the token does not have a valid audience")
    except TokenError as error:
        challenge = f'Bearer scope="{" ".join(scopes)}" error="invalid_token" error_description="{error}"'
        raise HttpApiError(401, "Unauthorized", {"www-authenticate": challenge}) from None
    granted = str(claims.get("scope") or claims.get("scp") or "").split()
    if scopes and not set(scopes) & set(granted):
        challenge = f'Bearer scope="{" ".join(scopes)}" error="insufficient_scope"'
        raise HttpApiError(403, "Forbidden", {"www-authenticate": challenge})
    return {"claims": {name: _text(value) for name, value in claims.items()}, "scopes": scopes or None}


def _pool(issuer: str, account: str) -> Any:
    from moto.cognitoidp.models import cognitoidp_backends

    found = ISSUER.fullmatch(issuer)
    pool = cognitoidp_backends[account][found[1]].user_pools.get(found[2]) if found else None
    if pool is None:
        raise TokenError("the issuer has no keys")
    return pool


def _text(value: Any) -> str:
    if isinstance(value, list):
        return f"[{' '.join(map(str, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


class HttpLambdaAuthorizers:
    """Asks authorizer functions and remembers what they said, per stage, authorizer and identity."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._cache = ExpiringCache()

    def authorize(self, authorizer: Any, request: ApiRequest, event: dict[str, Any], arn: str) -> dict[str, Any]:
        """Return the function's context. `event` is in the authorizer's payload format; `arn` names the route.

        Raises: HttpApiError 401 without identity, 403 where it is denied, 500 where the function fails.
        """
        variables = event.get("stageVariables") or {}
        sources = authorizer.identity_source or []
        identity = [_identity(source, request, event) for source in sources]
        if not all(identity):
            raise HttpApiError(401, "Unauthorized")
        if authorizer.auth_payload_format_version == "2.0":
            asked = {**event, "type": "REQUEST", "routeArn": arn, "identitySource": identity}
        else:
            joined = ",".join(map(str, identity))
            asked = {**event, "type": "REQUEST", "methodArn": arn, "identitySource": joined}
            asked["authorizationToken"] = joined
        key = (request.api_id, request.stage, authorizer.id, *identity)
        ttl = int(authorizer.auth_result_ttl or 0) if identity else 0
        place, api = arn.split("/", 1)[0].rsplit(":", 1)
        source = f"{place}:{api}/authorizers/{authorizer.id}"
        answer = self._cache.get(key, ttl, lambda: self._ask(authorizer, asked, variables, source))
        if not _allows(authorizer, answer, arn):
            raise HttpApiError(403, "Forbidden")
        return dict(answer.get("context") or {})

    def _ask(
        self, authorizer: Any, event: dict[str, Any], variables: dict[str, str], source_arn: str
    ) -> dict[str, Any]:
        try:
            function = permitted(function_of(authorizer.authorizer_uri, variables), source_arn)
        except NotPermittedError:
            raise HttpApiError(500, "Internal Server Error") from None
        done = self._functions.invoke_arn(function, json.dumps(event).encode())
        answer = None if done.failed else json.loads(done.payload)
        if done.failed and b'"errorMessage": "Unauthorized"' in done.payload:
            raise HttpApiError(401, "Unauthorized")
        if not isinstance(answer, dict):
            raise HttpApiError(500, "Internal Server Error")
        return answer


def _allows(authorizer: Any, answer: dict[str, Any], arn: str) -> bool:
    if authorizer.enable_simple_response:
        if not isinstance(answer.get("isAuthorized"), bool):
            raise HttpApiError(500, "Internal Server Error")
        return bool(answer["isAuthorized"])
    if not is_policy(answer.get("policyDocument")):
        raise HttpApiError(500, "Internal Server Error")
    return evaluate(answer["policyDocument"], arn) is True


def _identity(source: str, request: ApiRequest, event: dict[str, Any]) -> str | None:
    """Return what an identity source names: a header, a query parameter, a stage variable, a part of the context."""
    place, _, name = source.removeprefix("$").removeprefix("request.").partition(".")
    if place == "header":
        return request.header(name)
    if place == "querystring":
        return ",".join(request.query.get(name, [])) or None
    value: Any = event.get("requestContext" if place == "context" else place)
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return None if value is None else str(value)
