"""Keys of tenants: kept as hashes, given out once, rotated with an overlap, revoked at once.

A key is 256 random bits, so that a plain SHA-256 of it cannot be searched for; a slow hash is for what people choose.

| subject | items |
|---|---|
| `tenants` | a tenant each, by name |
| `tenant#<name>` | its keys, by id |
| `key#<hash>` | `key`: whose it is |
| `client#<id>` | `client`: whose it is, an app client of the user pool |
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from slipway_runtime.generate.errors import ApiError, invalid
from slipway_runtime.operate import rows
from slipway_runtime.operate.rows import NEW, Table

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
PREFIX = "sk-slipway-"
# What a key may call: API Gateway's methods and paths.
SCOPES = {
    "all": ("*",),
    "chat": (
        *("POST/v1/chat/completions", "POST/v1/embeddings", "POST/v1/feedback", "POST/v1/search"),
        *("GET/v1/models", "GET/v1/models/*", "GET/v1/openapi.json", "*/v1/conversations", "*/v1/conversations/*"),
    ),
    "documents": ("POST/v1/search", "GET/v1/documents", "GET/v1/documents/*", "DELETE/v1/documents/*"),
    "prompts": tuple(f"*/v1/{name}" for name in ("prompts", "prompt-examples", "prompt-experiments"))
    + tuple(f"*/v1/{name}/*" for name in ("prompts", "prompt-examples", "prompt-experiments")),
    "labelling": ("*/v1/labelling/*",),
    "usage": ("GET/v1/usage", "GET/v1/feedback"),
}


class Key(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A key without its secret. `ends_at`: seconds since 1970 from when on it is refused, 0 for never."""

    tenant: str
    id: str
    hash: str
    created_at: int
    scopes: tuple[str, ...] = ("all",)
    ends_at: int = 0


@dataclass(frozen=True, kw_only=True)
class Tenants:
    """The tenants and keys in a table."""

    table: Table
    now: Callable[[], float] = time.time

    def create(self, tenant: str, scopes: tuple[str, ...] = ("all",)) -> tuple[Key, str]:
        """Return a new key and its secret, which is kept nowhere. Raises: ApiError 400."""
        if not NAME.fullmatch(tenant):
            raise invalid(
                "A tenant's name has up to 63 of a-z, 0-9, - and _, and begins with a letter or digit.", "tenant"
            )
        if unknown := sorted(set(scopes) - set(SCOPES)):
            raise invalid(f"There is no scope '{unknown[0]}'; there are {', '.join(SCOPES)}.", "scopes")
        secret = PREFIX + secrets.token_urlsafe(32)
        key = Key(
            tenant=tenant,
            id=f"{int(self.now()):08x}{secrets.token_hex(4)}",
            hash=hashed(secret),
            created_at=int(self.now()),
            scopes=scopes,
        )
        named = rows.put({"subject": "tenants", "item": tenant})
        self.table.write(named, rows.put(_listed(key), NEW), rows.put(_found(key), NEW))
        return key, secret

    def all(self) -> Iterator[str]:
        """Yield the names of tenants that have had a key."""
        yield from (str(row["item"]) for row in self.table.query("tenants"))

    def keys(self, tenant: str) -> Iterator[Key]:
        """Yield a tenant's keys, the oldest first."""
        yield from (_key(row) for row in self.table.query(f"tenant#{tenant}"))

    def end(self, tenant: str, identifier: str, *, overlap_seconds: int = 0) -> Key:
        """Refuse a key from now on, or after an overlap. Raises: ApiError 404."""
        row = self.table.get(f"tenant#{tenant}", identifier)
        if row is None:
            raise ApiError(404, f"The tenant '{tenant}' has no key '{identifier}'.", code="not_found", param="key")
        key = msgspec.structs.replace(_key(row), ends_at=int(self.now()) + overlap_seconds)
        self.table.write(rows.put(_listed(key)), rows.put(_found(key)))
        return key

    def rotate(self, tenant: str, identifier: str, *, overlap_seconds: int) -> tuple[Key, str]:
        """Return a new key with the scopes of an old one, which works on for the overlap. Raises: ApiError 404."""
        old = self.end(tenant, identifier, overlap_seconds=overlap_seconds)
        return self.create(tenant, old.scopes)

    def note_client(self, tenant: str, client_id: str) -> None:
        """Note whose an app client of the user pool is. Raises: ApiError 400."""
        if not NAME.fullmatch(tenant):
            raise invalid("This is no name of a tenant.", "tenant")
        named = rows.put({"subject": "tenants", "item": tenant})
        self.table.write(named, rows.put({"subject": f"client#{client_id}", "item": "client", "tenant": tenant}))

    def of_client(self, client_id: str) -> str:
        """Return the tenant of an app client, "" for one that nobody noted."""
        row = self.table.get(f"client#{client_id}", "client")
        return str(row["tenant"]) if row else ""

    def find(self, presented: str) -> Key | None:
        """Return the key that is presented, None where there is none or it has ended."""
        if not presented.startswith(PREFIX):
            return None
        row = self.table.get(f"key#{hashed(presented)}", "key")
        key = _key(row) if row else None
        return None if key is None or (key.ends_at and key.ends_at <= self.now()) else key


def hashed(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _listed(key: Key) -> rows.Row:
    return {"subject": f"tenant#{key.tenant}", "item": key.id, "body": msgspec.json.encode(key).decode()}


def _found(key: Key) -> rows.Row:
    return {"subject": f"key#{key.hash}", "item": "key", "body": msgspec.json.encode(key).decode()}


def _key(row: rows.Row) -> Key:
    return msgspec.json.decode(str(row["body"]), type=Key)
