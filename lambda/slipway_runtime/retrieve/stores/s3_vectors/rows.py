"""A chunk as a vector with metadata, and back.

What can be filtered by is kept by kind, one metadata key for each kind of value (`s_language`, `n_page`, `b_draft`), so
that a comparison never meets another kind: what the service does then is not documented. Text is only ever compared
for equality, so that longer text stands there as its digest: every chunk stays under the 2 KB that can be filtered by.
Content, which is searched by words, and the attributes as they were are metadata that cannot be filtered by: 8,000
characters of four bytes, with everything else, stay under the 40 KB of a vector.
Source: Amazon S3 user guide, "S3 Vectors: Metadata filtering", "Limitations and restrictions".
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from slipway_runtime.retrieve.chunk import Chunk
from slipway_runtime.retrieve.filters import Attribute, Attributes, Scalar
from slipway_runtime.retrieve.stores.contract import DocumentVersion, Hit, chunk_attributes

# What the names of tenants' indexes begin with.
TENANTS = "t-"
CLAIM, CONTENT, REST = "claim", "content", "chunk"
DOCUMENT = "s_document_id"
MAX_TEXT_BYTES = 64
# A metadata key has at most 63 characters, as many as an attribute's name.
MAX_NAME_CHARACTERS = 61
MAX_HEADING_CHARACTERS = 512
MAX_KEYS = 47  # of the 50 that a vector has, three are ours


def index_of(tenant: str) -> str:
    """Return the name of the tenant's index: letters and digits only, whatever the tenant's name."""
    return f"{TENANTS}{hashlib.sha256(tenant.encode()).hexdigest()[:48]}"


def index_settings(dimensions: int, text_language: str | None = None) -> dict[str, Any]:
    """Return what every index is made with."""
    return {
        "dataType": "float32",
        "dimension": dimensions,
        "distanceMetric": "cosine",
        "metadataConfiguration": {
            "nonFilterableMetadataKeys": [CONTENT, REST],
            "textSearchConfigurations": [
                {"metadataKey": CONTENT, **({"language": text_language} if text_language else {})}
            ],
        },
    }


def key_of(document_id: str, ordinal: int, claim: int) -> str:
    """Return the key of a chunk that was written under a claim."""
    return f"{document_id}#{ordinal:05d}@{claim}"


def parts_of(key: str) -> tuple[str, str, int]:
    """Return (chunk id, document id, claim) of a key."""
    chunk_id, _, claim = key.rpartition("@")
    return chunk_id, chunk_id.rpartition("#")[0], int(claim)


def keys_of(document_id: str, chunks: int, claim: int) -> Iterator[str]:
    """Yield the keys of all chunks of a version."""
    return (key_of(document_id, ordinal, claim) for ordinal in range(chunks))


def row(version: DocumentVersion, claim: int, chunk: Chunk, vector: list[float]) -> dict[str, Any]:
    """Return the vector to put. Raises: ValueError for more attributes than the service takes."""
    attributes = chunk_attributes(version, chunk)
    filterable = dict(_filterable(attributes))
    if len(filterable) > MAX_KEYS:
        raise ValueError(f"a document has {len(filterable)} attributes, expected at most {MAX_KEYS} with its own")
    rest = {
        "heading": chunk.heading[:MAX_HEADING_CHARACTERS],
        "start": chunk.start,
        "end": chunk.end,
        "page": chunk.page,
        "parent": chunk.parent,
        "attributes": attributes,
    }
    return {
        "key": key_of(version.document_id, chunk.ordinal, claim),
        "data": {"float32": vector},
        "metadata": {**filterable, CLAIM: claim, CONTENT: chunk.content, REST: json.dumps(rest, ensure_ascii=False)},
    }


def chunk_of(held: dict[str, Any]) -> Chunk:
    """Return the chunk of a vector that was read."""
    rest = json.loads(held["metadata"][REST])
    return Chunk(
        ordinal=int(parts_of(held["key"])[0].rpartition("#")[2]),
        start=rest["start"],
        end=rest["end"],
        content=held["metadata"][CONTENT],
        heading=rest["heading"],
        page=rest["page"],
        parent=tuple(rest["parent"]) if rest.get("parent") else None,
    )


def attributes_of(held: dict[str, Any]) -> Attributes:
    """Return a chunk's attributes as they were given."""
    return dict(json.loads(held["metadata"][REST])["attributes"])


def hit(held: dict[str, Any], score: float, fused: float) -> Hit:
    """Return the hit of a vector that was found."""
    chunk_id, document_id, _ = parts_of(held["key"])
    rest = json.loads(held["metadata"][REST])
    return Hit(
        chunk_id=chunk_id,
        document_id=document_id,
        path=rest["attributes"]["path"],
        heading=rest["heading"],
        page=rest["page"],
        content=held["metadata"][CONTENT],
        start=rest["start"],
        end=rest["end"],
        score=score,
        fused=fused,
    )


def stored_key(name: str, value: Scalar) -> str:
    """Return the metadata key of an attribute for values of this kind."""
    kind = "b" if isinstance(value, bool) else "s" if isinstance(value, str) else "n"
    if len(name) > MAX_NAME_CHARACTERS:
        name = hashlib.sha256(name.encode()).hexdigest()[:MAX_NAME_CHARACTERS]
    return f"{kind}_{name}"


def stored(value: Scalar) -> Scalar:
    """Return a value as it stands in the metadata. Empty text has a digest too: it may not be allowed there."""
    if isinstance(value, str) and not 0 < len(value.encode()) <= MAX_TEXT_BYTES:
        return "sha256:" + hashlib.sha256(value.encode()).hexdigest()[:48]
    return value


def _filterable(attributes: Attributes) -> Iterator[tuple[str, Attribute]]:
    for name, value in attributes.items():
        if not isinstance(value, list):
            yield stored_key(name, value), stored(value)
        elif value:  # a list of nothing is as if it were not there
            yield stored_key(name, ""), [str(stored(each)) for each in value]
