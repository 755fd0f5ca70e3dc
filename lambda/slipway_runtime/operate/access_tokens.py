"""Access tokens of a Cognito user pool: signature, issuer, use and expiry are checked; then who it is, and what for.

The signature (RS256) is checked by comparing the whole encoded message, as RFC 8017, 8.2.2 says, with nothing parsed.
Source: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

# Once an hour, and where a token names a key that is not known, though not more often than each ten seconds.
FRESH_SECONDS = 3600.0
REFRESH_SECONDS = 10.0
USE = "access"
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
MIN_MODULUS_BYTES = 256


class Claims(msgspec.Struct, frozen=True):
    """What an access token says. `username` and `groups` are a user's; a client's token has neither."""

    iss: str
    exp: float
    token_use: str
    client_id: str
    scope: str = ""
    username: str = ""
    groups: list[str] = msgspec.field(default_factory=list, name="cognito:groups")


class Header(msgspec.Struct, frozen=True):
    """How a token is signed."""

    alg: str
    kid: str


@dataclass(kw_only=True)
class AccessTokens:
    """Checks tokens of `issuer`; `keys` reads the pool's key set."""

    issuer: str
    keys: Callable[[], dict[str, Any]]
    now: Callable[[], float] = time.time
    _known: dict[str, tuple[int, int]] = field(default_factory=dict)
    _read_at: float = -FRESH_SECONDS

    def claims(self, token: str) -> Claims | None:
        """Return what a valid token says, None for any other. Raises: the errors of `keys`."""
        try:
            signed, _, signature = token.rpartition(".")
            head, body = signed.split(".")
            header = msgspec.json.decode(_bytes(head), type=Header)
            claims = msgspec.json.decode(_bytes(body), type=Claims)
            proof = _bytes(signature)
        except (ValueError, msgspec.DecodeError, binascii.Error):
            return None
        if header.alg != "RS256" or claims.iss != self.issuer or claims.token_use != USE:
            return None
        if claims.exp <= self.now() or (key := self._key(header.kid)) is None:
            return None
        return claims if _is_signed(signed.encode(), proof, *key) else None

    def _key(self, kid: str) -> tuple[int, int] | None:
        age = self.now() - self._read_at
        if age > FRESH_SECONDS or (kid not in self._known and age > REFRESH_SECONDS):
            found = self.keys()["keys"]
            self._known = {each["kid"]: (_number(each["n"]), _number(each["e"])) for each in found}
            self._read_at = self.now()
        return self._known.get(kid)


def _is_signed(message: bytes, signature: bytes, modulus: int, exponent: int) -> bool:
    size = (modulus.bit_length() + 7) // 8
    if len(signature) != size or size < MIN_MODULUS_BYTES or int.from_bytes(signature, "big") >= modulus:
        return False
    opened = pow(int.from_bytes(signature, "big"), exponent, modulus).to_bytes(size, "big")
    info = SHA256_INFO + hashlib.sha256(message).digest()
    return hmac.compare_digest(opened, b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info)


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
