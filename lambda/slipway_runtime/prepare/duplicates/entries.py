"""The items of the duplicates table, and the keys that keep tenants apart.

    subject                          item                     holds
    band#1#<band hash>#<scope>       band                     owners: "<document id>@<digest>" of kept documents, a list
    document#<document id>#<scope>   current                  the document's state, see Entry
    document#<kept's id>#<scope>     duplicate#<document id>  kept_digest: which text of the kept one it repeats
    source#<source>                  …                        counts and guard, see `tally`

A scope is a tenant. The number after `band` is the kernel's: raise it when signatures of the same text change, and old
entries are no candidates any more.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.prepare.duplicates.bands import bands
from slipway_runtime.prepare.duplicates.minhash import NOTHING, signatures, to_bytes
from slipway_runtime.prepare.duplicates.normal import digest_folded, fold

KERNEL = "1"
CURRENT, BAND, EDGE = "current", "band", "duplicate#"
DIGEST_DIGITS = 16
DAY_SECONDS = 86_400
Key = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Document:
    """A version of a document with its curated text. `sequencer`: later versions sort after earlier ones.

    It is compared with all documents of its tenant; `source`, whose name begins with the tenant, says what it counts
    to.
    """

    tenant: str
    source: str
    document_id: str
    sequencer: str
    text: str


class Fingerprint(msgspec.Struct, frozen=True):
    """What a document is recognised by: digest of the text in normal form, MinHash signature, band hashes."""

    digest: str
    signature: bytes
    bands: list[str]

    @classmethod
    def of(cls, text: str) -> "Fingerprint":
        """Return a text's fingerprint; one without words has no signature, and its digest for a band."""
        folded = fold(text)
        rows = signatures([folded])
        digest = digest_folded(folded)
        if (rows == NOTHING).all():
            return cls(digest, b"", [digest])
        return cls(digest, to_bytes(rows[0]), [f"{band:016x}" for band in bands(rows)[0].tolist()])


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What the table knows of a document: kept (no `kept_id`), or a duplicate of the kept one's text `kept_digest`.

    `held_id`: the document that it repeats although it is kept, because its source has lost too much.
    """

    document_id: str
    sequencer: str
    digest: str
    signature: bytes
    bands: list[str]
    kept_id: str = ""
    kept_digest: str = ""
    similarity: float = 1.0
    source: str = ""
    held_id: str = ""

    @property
    def owner(self) -> str:
        """Return how the bands of a kept document name it."""
        return f"{self.document_id}@{self.digest[:DIGEST_DIGITS]}"


@dataclass(frozen=True)
class Scope:
    """Keys and items of one tenant. `ttl_days`: after how long the table forgets an item, None for never."""

    name: str
    ttl_days: int | None = None
    now: Callable[[], float] = time.time

    def band(self, band: str) -> Key:
        """Return the key of a band."""
        return f"band#{KERNEL}#{band}#{self.name}", BAND

    def document(self, document_id: str, item: str = CURRENT) -> Key:
        """Return the key of a document's state, or of an item beside it."""
        return f"document#{document_id}#{self.name}", item

    def edge(self, entry: Entry) -> Key:
        """Return the key of the item that says that `entry` repeats its kept document."""
        return self.document(entry.kept_id, EDGE + entry.document_id)

    def item(self, key: Key, **values: Any) -> dict[str, Any]:
        """Return an item of the table."""
        item = named(key) | {name: _attribute(value) for name, value in values.items()}
        if self.ttl_days is not None:
            item["expires_at"] = {"N": str(int(self.now()) + self.ttl_days * DAY_SECONDS)}
        return item


def named(key: Key) -> dict[str, Any]:
    """Return a key as DynamoDB takes it."""
    return {"subject": {"S": key[0]}, "item": {"S": key[1]}}


def entry_of(item: dict[str, Any] | None) -> Entry | None:
    """Return the state of a document that an item holds."""
    if item is None:
        return None
    return msgspec.convert({name: _value(value) for name, value in item.items()}, Entry)


def _attribute(value: Any) -> dict[str, Any]:
    match value:
        case str():
            return {"S": value}
        case bytes():
            return {"B": value}
        case list():
            return {"L": [{"S": each} for each in value]}
    return {"N": str(value)}


def _value(attribute: dict[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    match kind:
        case "L":
            return [each["S"] for each in value]
        case "N":
            return float(value)
    return bytes(value) if kind == "B" else value
