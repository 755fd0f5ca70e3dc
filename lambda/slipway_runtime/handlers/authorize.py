"""The API's TOKEN authorizer: the environment's own key, kept in Secrets Manager, and keys of tenants in a table."""

import hmac
import time
from typing import Any, NamedTuple

import msgspec

from slipway_runtime import settings
from slipway_runtime.handlers.events import TokenRequest
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import count, logger, observed
from slipway_runtime.operate.retry import error_code

CACHE_SECONDS = 60.0
# A rotated key must work at once, but a flood of wrong keys must not become a flood of calls to Secrets Manager.
REFRESH_SECONDS = 10.0


class ApiKey(msgspec.Struct, frozen=True):
    """The secret's content."""

    tenant: str
    key: str


class KeyCache:
    """The key, read again after a minute, or after 10 s where a caller's key does not match."""

    def __init__(self) -> None:
        self._key: ApiKey | None = None
        self._read_at = 0.0

    def matching(self, presented: str) -> ApiKey | None:
        """Return the key if `presented` equals it, compared in constant time."""
        key = self._get(CACHE_SECONDS)
        if not _equal(presented, key.key):
            key = self._get(REFRESH_SECONDS)
        return key if _equal(presented, key.key) else None

    def _get(self, max_age_seconds: float) -> ApiKey:
        if self._key is None or time.monotonic() - self._read_at > max_age_seconds:
            secret = client("secretsmanager").get_secret_value(SecretId=settings.required("API_KEY_SECRET_ARN"))
            self._key = msgspec.json.decode(secret["SecretString"], type=ApiKey)
            self._read_at = time.monotonic()
        return self._key


cache = KeyCache()


class Caller(NamedTuple):
    """Who calls, and what of the API that may be: methods and paths."""

    tenant: str
    user: str = ""
    scopes: tuple[str, ...] = ("all",)

    @property
    def paths(self) -> list[str]:
        """Return what the caller may call."""
        from slipway_runtime.operate.tenants import SCOPES  # noqa: PLC0415

        return sorted({path for scope in self.scopes for path in SCOPES.get(scope, ())})


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return a policy that allows the whole stage, since API Gateway reuses it for other methods, and the tenant.

    Raises: Exception("Unauthorized"), the exact text by which API Gateway answers 401. Lambda counts it as an error of
    the function like any other; the metrics `Unauthorized` and `AuthorizerFailures` tell a wrong key from a fault.
    """
    try:
        caller, method_arn = _presented(event)
    except Exception as error:
        # The error may quote the secret, so only its type is logged.
        count("AuthorizerFailures")
        logger.error("authorizer failed", extra={"error_type": type(error).__name__, "reason": error_code(error)})
        raise
    if caller is None:
        count("Unauthorized")
        logger.info("unauthorized")
        raise Exception("Unauthorized")
    return _allow(method_arn, caller)


def _presented(event: dict[str, Any]) -> tuple[Caller | None, str]:
    """Return who presents a right key, None where it is none, and the method's ARN."""
    try:
        request = msgspec.convert(event, TokenRequest)
    except msgspec.ValidationError:
        return None, ""
    scheme, _, presented = request.authorization_token.partition(" ")
    caller = _caller(presented.strip()) if scheme.lower() == "bearer" else None
    return caller, request.method_arn


def _caller(presented: str) -> Caller | None:
    if settings.optional("USER_POOL_ID") and presented.count(".") == 2:
        from slipway_runtime.handlers.authorize_tokens import caller  # noqa: PLC0415 - where there is a user pool

        return Caller(*found) if (found := caller(presented)) else None
    if (table := settings.optional("TENANTS_TABLE")) and presented.startswith("sk-slipway-"):
        from slipway_runtime.operate.rows import Table  # noqa: PLC0415 - where there are more tenants
        from slipway_runtime.operate.tenants import Tenants  # noqa: PLC0415

        own = Tenants(table=Table(client=client("dynamodb"), name=table)).find(presented)
        return Caller(own.tenant, scopes=own.scopes) if own else None
    key = cache.matching(presented)
    return Caller(key.tenant) if key and key.key else None


def _allow(method_arn: str, caller: Caller) -> dict[str, Any]:
    api, stage, *_ = method_arn.split("/")
    paths = ["*"] if caller.scopes == ("all",) else caller.paths
    allowed = [f"{api}/{stage}/{path}" for path in paths]
    resource = allowed[0] if len(allowed) == 1 else allowed
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": resource}
    return {
        "principalId": caller.tenant,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"tenant": caller.tenant, "scopes": " ".join(caller.scopes), **_named(caller.user)},
    }


def _named(user: str) -> dict[str, str]:
    """Return who signed in; a client acts for whomever it names."""
    return {"user": user} if user else {}


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode())
