"""The endpoints of user pools that are no AWS API: keys, OpenID configuration, and a domain's token endpoint.

`{endpoint}/{pool}/.well-known/jwks.json` is where the `cognito-idp` client's own endpoint URL leads, in AWS and here.
`{endpoint}/_aws/cognito-idp/{domain}/oauth2/token` stands for `https://{domain}.auth.{region}.amazoncognito.com`.
Source: https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html
"""

import base64
import hmac
import json
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote

from slipway_local.cognito.gaps import lifetime_seconds
from slipway_local.cognito.tokens import issuer_of, key_set, sign

WELL_KNOWN = re.compile(r"/([a-z0-9-]+_[A-Za-z0-9]+)/\.well-known/(jwks\.json|openid-configuration)")
TOKEN = re.compile(r"/_aws/cognito-idp/([^/]+)/oauth2/token")
BODY_LIMIT_BYTES = 64 * 1024


class OAuthError(Exception):
    """An error of the token endpoint (RFC 6749, section 5.2)."""


class Endpoints:
    """A WSGI application for the user pools of one account and region."""

    def __init__(self, account: str, region: str) -> None:
        self._account = account
        self._region = region

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        status, answer = 404, {"message": "Not Found"}
        if found := WELL_KNOWN.fullmatch(environ["PATH_INFO"]):
            pool = self._backend().user_pools.get(found[1])
            if pool is not None:
                status, answer = 200, key_set(pool) if found[2] == "jwks.json" else self._configuration(pool, environ)
        elif (found := TOKEN.fullmatch(environ["PATH_INFO"])) and environ["REQUEST_METHOD"] == "POST":
            status, answer = self._token(found[1], environ)
        body = json.dumps(answer).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(f"{status} {HTTPStatus(status).phrase}", [*headers, ("Cache-Control", "no-store")])
        return [body]

    def _backend(self) -> Any:
        from moto.cognitoidp.models import cognitoidp_backends

        return cognitoidp_backends[self._account][self._region]

    @staticmethod
    def _configuration(pool: Any, environ: dict[str, Any]) -> dict[str, Any]:
        here = f"http://{environ.get('HTTP_HOST', 'localhost')}"
        domain = {"token_endpoint": f"{here}/_aws/cognito-idp/{pool.domain.domain}/oauth2/token"} if pool.domain else {}
        return domain | {
            "issuer": issuer_of(pool),
            "jwks_uri": f"{here}/{pool.id}/.well-known/jwks.json",
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "token"],
            "scopes_supported": ["openid", "email", "phone", "profile"],
            "subject_types_supported": ["public"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }

    def _token(self, name: str, environ: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        domain = self._backend().user_pool_domains.get(name)
        pool = self._backend().user_pools.get(domain.user_pool_id) if domain else None
        if pool is None:
            return 404, {"message": f"no user pool has the domain {name}"}
        try:
            form = _form(environ)
            client = _client(pool, environ, form)
            grant = form.get("grant_type")
            if grant == "client_credentials":
                return 200, _machine_token(pool, client, form)
            if grant == "refresh_token":
                return 200, _refreshed(pool, client, form)
            raise OAuthError("unsupported_grant_type" if grant else "invalid_request")
        except OAuthError as error:
            return 400, {"error": str(error)}


def _form(environ: dict[str, Any]) -> dict[str, str]:
    if environ.get("CONTENT_TYPE", "").split(";")[0] != "application/x-www-form-urlencoded":
        raise OAuthError("invalid_request")
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if 0 <= length <= BODY_LIMIT_BYTES else b""
        return {key: values[0] for key, values in parse_qs(body.decode("ascii")).items()}
    except ValueError:
        raise OAuthError("invalid_request") from None


def _client(pool: Any, environ: dict[str, Any], form: dict[str, str]) -> Any:
    """Return the client that has proven itself, by Basic authorization or by the form."""
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, encoded = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = map(unquote, base64.b64decode(encoded, validate=True).decode().partition(":"))
        except ValueError:
            raise OAuthError("invalid_client") from None
    client = pool.clients.get(client_id)
    if client is None or (client.generate_secret and not hmac.compare_digest(client.secret.encode(), secret.encode())):
        raise OAuthError("invalid_client")
    return client


def _machine_token(pool: Any, client: Any, form: dict[str, str]) -> dict[str, Any]:
    config = client.extended_config
    allowed = config.get("AllowedOAuthFlows") or []
    if not (config.get("AllowedOAuthFlowsUserPoolClient") and "client_credentials" in allowed):
        raise OAuthError("unauthorized_client")
    if not client.generate_secret:
        raise OAuthError("invalid_client")
    custom = [scope for scope in config.get("AllowedOAuthScopes") or [] if "/" in scope]
    scopes = form["scope"].split() if form.get("scope") else custom
    if not scopes or set(scopes) - set(custom):
        raise OAuthError("invalid_scope")
    seconds = lifetime_seconds(client, "access")
    claims = {"sub": client.id, "token_use": "access", "scope": " ".join(scopes), "version": 2, "client_id": client.id}
    return {"access_token": sign(pool, claims, seconds), "expires_in": seconds, "token_type": "Bearer"}


def _refreshed(pool: Any, client: Any, form: dict[str, str]) -> dict[str, Any]:
    token = form.get("refresh_token", "")
    known = pool.refresh_tokens.get(token)
    if known is None or known[0] != client.id:
        raise OAuthError("invalid_grant")
    access, identity, seconds = pool.create_tokens_from_refresh_token(token)
    return {"id_token": identity, "access_token": access, "expires_in": seconds, "token_type": "Bearer"}
