"""COGNITO_USER_POOLS authorizers: an identity token, or an access token where the method names scopes.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html
"""

import time
from typing import Any

from slipway_local.cognito.tokens import TokenError, verify
from slipway_local.rest_api.request import ApiRequest
from slipway_local.rest_api.responses import GatewayError

DATES = ("exp", "iat")


def authorize(authorizer: Any, scopes: list[str] | None, request: ApiRequest) -> dict[str, Any]:
    """Return `requestContext.authorizer`. Raises: GatewayError 401 for a bad token, use or scope."""
    source = authorizer.identity_source or "method.request.header.Authorization"
    token = request.header(source.rsplit(".", 1)[-1]) or ""
    claims = _claims(token.removeprefix("Bearer ").strip(), authorizer.provider_arns or [])
    wanted = "access" if scopes else "id"
    granted = str(claims.get("scope", "")).split()
    if claims.get("token_use") != wanted or (scopes and not set(scopes) & set(granted)):
        raise GatewayError("UNAUTHORIZED", "Unauthorized")
    return {"claims": {name: _text(name, value) for name, value in claims.items()}}


def _claims(token: str, pool_arns: list[str]) -> dict[str, Any]:
    """Return the claims of a token that one of the pools signed; each pool has keys of its own."""
    expired = False
    for arn in pool_arns:
        pool = _pool(arn)
        try:
            if pool is not None:
                return verify(token, pool)
        except TokenError as error:
            expired = expired or error.expired
    raise GatewayError("UNAUTHORIZED", "The incoming token has expired" if expired else "Unauthorized")


def _pool(arn: str) -> Any:
    from moto.cognitoidp.models import cognitoidp_backends

    region, account, resource = arn.split(":", 5)[3:]
    return cognitoidp_backends[account][region].user_pools.get(resource.removeprefix("userpool/"))


def _text(name: str, value: Any) -> str:
    """Return a claim as proxied functions see it: text, times as dates, lists with commas."""
    if name in DATES:
        return time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime(float(value)))
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
