"""Callers with tokens of the environment's user pool: services by client credentials, people signed in."""

import functools
import json
from typing import Any

import urllib3

from slipway_runtime import settings
from slipway_runtime.operate.access_tokens import AccessTokens, Claims
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.rows import Table
from slipway_runtime.operate.tenants import SCOPES, Tenants

RESOURCE = "slipway/"
GROUP = "tenant-"
KEYS_SECONDS = 5.0


def caller(token: str) -> tuple[str, str, tuple[str, ...]] | None:
    """Return tenant, user and scopes of a valid token, None for one that is not, or is of no tenant.

    A person's tenant is the one group `tenant-<name>`; a service's is noted for its client. Who signed in without any
    scope of ours, as by password, may chat.
    """
    claims = _tokens().claims(token)
    if claims is None or not (tenant := _tenant(claims)):
        return None
    named = [each.removeprefix(RESOURCE) for each in claims.scope.split() if each.startswith(RESOURCE)]
    scopes = tuple(each for each in named if each in SCOPES)
    return tenant, claims.username, scopes or (("chat",) if claims.username else ())


def _tenant(claims: Claims) -> str:
    if claims.username:
        groups = [each.removeprefix(GROUP) for each in claims.groups if each.startswith(GROUP)]
        return groups[0] if len(groups) == 1 else ""
    table = Table(client=client("dynamodb"), name=settings.required("TENANTS_TABLE"))
    return Tenants(table=table).of_client(claims.client_id)


@functools.cache
def _tokens() -> AccessTokens:
    pool = settings.required("USER_POOL_ID")
    endpoint = client("cognito-idp").meta.endpoint_url
    region = pool.partition("_")[0]

    def keys() -> dict[str, Any]:
        answer = urllib3.request("GET", f"{endpoint}/{pool}/.well-known/jwks.json", timeout=KEYS_SECONDS, retries=2)
        if answer.status != 200:
            raise RuntimeError(f"the user pool's keys cannot be read: {answer.status}")
        found: dict[str, Any] = json.loads(answer.data)
        return found

    return AccessTokens(issuer=f"https://cognito-idp.{region}.{settings.required('URL_SUFFIX')}/{pool}", keys=keys)
