"""The API's TOKEN authorizer: one key per environment, kept in Secrets Manager."""

import hmac
import time
from typing import Any

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


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return a policy that allows the whole stage, since API Gateway reuses it for other methods, and the tenant.

    Raises: Exception("Unauthorized"), the exact text by which API Gateway answers 401. Lambda counts it as an error of
    the function like any other; the metrics `Unauthorized` and `AuthorizerFailures` tell a wrong key from a fault.
    """
    try:
        key, method_arn = _presented(event)
    except Exception as error:
        # The error may quote the secret, so only its type is logged.
        count("AuthorizerFailures")
        logger.error("authorizer failed", extra={"error_type": type(error).__name__, "reason": error_code(error)})
        raise
    if key is None or not key.key:
        count("Unauthorized")
        logger.info("unauthorized")
        raise Exception("Unauthorized")
    return _allow(method_arn, key.tenant)


def _presented(event: dict[str, Any]) -> tuple[ApiKey | None, str]:
    """Return the key that the caller presents, None where it is not the right one, and the method's ARN."""
    try:
        request = msgspec.convert(event, TokenRequest)
    except msgspec.ValidationError:
        return None, ""
    scheme, _, presented = request.authorization_token.partition(" ")
    key = cache.matching(presented.strip()) if scheme.lower() == "bearer" else None
    return key, request.method_arn


def _allow(method_arn: str, tenant: str) -> dict[str, Any]:
    api, stage, *_ = method_arn.split("/")
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": f"{api}/{stage}/*"}
    return {
        "principalId": tenant,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"tenant": tenant},
    }


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode())
