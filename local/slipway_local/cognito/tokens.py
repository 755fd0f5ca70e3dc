"""A user pool's tokens: signed with the pool's own key, and verified as a resource server must.

Source: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
"""

import functools
import json
import time
import uuid
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

KEY_BITS = 2048
ALGORITHMS = ["RS256"]
ACCESS = "access"
MALFORMED = (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError)


class TokenError(Exception):
    """A token that must not be trusted; the message says why, in the words of API Gateway's HTTP APIs."""

    def __init__(self, reason: str, *, expired: bool = False) -> None:
        super().__init__(reason)
        self.expired = expired


class SigningKey:
    """A pool's attribute `json_web_key`: generated for each pool, where moto gives all pools one published key.

    The pool itself keeps plain data, so that it can be copied and stored.
    """

    def __set__(self, pool: Any, shared: Any) -> None:
        """Generate the pool's key, whatever the constructor assigns."""
        key = RSAKey.generate_key(KEY_BITS, {"kid": uuid.uuid4().hex, "alg": "RS256", "use": "sig"})
        pool.slipway_key = json.dumps(key.as_dict(private=True))

    def __get__(self, pool: Any, owner: Any = None) -> Any:
        """Return the pool's key."""
        return self if pool is None else _imported(pool.slipway_key)


@functools.lru_cache(64)
def _imported(text: str) -> RSAKey:
    return RSAKey.import_key(json.loads(text))


def issuer_of(pool: Any) -> str:
    """Return the `iss` of a pool's tokens."""
    return f"https://cognito-idp.{pool.region}.amazonaws.com/{pool.id}"


def key_set(pool: Any) -> dict[str, Any]:
    """Return the pool's public keys as `jwks.json` holds them."""
    return {"keys": [pool.json_web_key.as_dict(private=False)]}


def sign(pool: Any, claims: dict[str, Any], lifetime_seconds: int) -> str:
    """Return a token with these claims and those that every token of the pool has."""
    now = int(time.time())
    common = {"iss": issuer_of(pool), "iat": now, "auth_time": now, "exp": now + lifetime_seconds}
    key = pool.json_web_key
    header = {"kid": key.kid, "alg": "RS256"}
    return jwt.encode(header, {**common, "jti": str(uuid.uuid4()), **claims}, key)


def verify(token: str, pool: Any) -> dict[str, Any]:
    """Return the claims of a token that this pool signed and that is valid now. Raises: TokenError."""
    try:
        key_id = jws.extract_compact(token.encode()).headers().get("kid")
        if key_id != pool.json_web_key.kid:
            raise TokenError("signing key not found")
        claims = jwt.decode(token, pool.json_web_key, algorithms=ALGORITHMS).claims
        times = {name: float(claims[name]) for name in ("exp", "iat", "nbf") if name in claims}
    except MALFORMED as error:
        raise TokenError("signature verification failed or malformed token") from error
    now = time.time()
    if claims.get("iss") != issuer_of(pool):
        raise TokenError("the token does not have a valid issuer")
    if times.get("exp", 0) <= now:
        raise TokenError("the token has expired", expired=True)
    if max(times.get("iat", 0), times.get("nbf", 0)) > now + 1:
        raise TokenError("the token is not valid yet")
    return dict(claims)
