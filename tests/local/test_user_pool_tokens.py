"""Tokens of a user pool that a resource server must trust, and those that it must not.

Expectations: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
and https://www.rfc-editor.org/rfc/rfc8725
"""

import base64
import hashlib
import hmac
import time
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from slipway_local.cognito.tokens import SigningKey, TokenError, key_set, sign, verify
from support.tokens import encoded, part, tampered, unsigned

pytestmark = pytest.mark.capability("O14")


class Pool:
    """A pool outside any daemon, whose tokens the test can make itself."""

    json_web_key = SigningKey()

    def __init__(self, name: str) -> None:
        self.id, self.region = f"us-east-1_{name}", "us-east-1"
        self.json_web_key = None


@pytest.fixture(scope="module")
def own() -> Any:
    return Pool("own")


def test_a_good_token_gives_its_claims(own: Any) -> None:
    assert verify(sign(own, {"sub": "1"}, 60), own)["sub"] == "1"


def test_an_expired_token_says_so(own: Any) -> None:
    with pytest.raises(TokenError) as caught:
        verify(sign(own, {}, -1), own)
    assert caught.value.expired


def foreign(own: Any, good: str) -> str:
    return sign(Pool("own"), {}, 60)


def other_issuer(own: Any, good: str) -> str:
    return sign(own, {"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_other"}, 60)


def symmetric(own: Any, good: str) -> str:
    """Signed with the public key as if it were a shared secret."""
    public = RSAKey.import_key(key_set(own)["keys"][0]).as_pem(private=False)
    head, claims = encoded({"alg": "HS256", "kid": own.json_web_key.kid}), good.split(".")[1]
    signature = hmac.new(public, f"{head}.{claims}".encode(), hashlib.sha256).digest()
    return f"{head}.{claims}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def unknown_key(own: Any, good: str) -> str:
    head, rest = good.split(".", 1)
    return f"{encoded({**part(good, 0), 'kid': 'other'})}.{rest}" if head else good


@pytest.mark.parametrize(
    "attack",
    [
        lambda own, good: tampered(good),
        lambda own, good: unsigned(good),
        lambda own, good: good[:-8],
        lambda own, good: good.rpartition(".")[0],
        lambda own, good: "",
        lambda own, good: f"{encoded({'alg': 'RS256'})}.e30.",
        lambda own, good: f"{base64.urlsafe_b64encode(b'[' * 100_000).decode()}.e30.x",
        lambda own, good: sign(own, {"exp": "never"}, 60),
        lambda own, good: sign(own, {"nbf": int(time.time()) + 3600}, 60),
        foreign,
        other_issuer,
        symmetric,
        unknown_key,
    ],
)
def test_what_must_not_be_trusted(own: Any, attack: Any) -> None:
    """https://www.rfc-editor.org/rfc/rfc8725"""
    with pytest.raises(TokenError):
        verify(attack(own, sign(own, {"sub": "1"}, 60)), own)
