"""Chunks as the lines of bulk requests, and vectors of length 1."""

import json
from collections.abc import Iterator
from typing import Any

from slipway_runtime.retrieve.chunk import Chunk
from slipway_runtime.retrieve.stores.contract import DocumentVersion, chunk_attributes
from slipway_runtime.retrieve.stores.opensearch.filter_query import terms

# The service lets the ids be chosen by nobody but itself.
INDEX = b'{"index":{}}\n'
MAX_BYTES = 5 * 1024**2
# A float32 has 24 bits: 8 digits behind the point lose nothing of a number up to 1.
DIGITS = 8


def unit(vector: list[float]) -> list[float]:
    """Return the vector with length 1; zeros stay zeros, and are like nothing."""
    length = sum(number * number for number in vector) ** 0.5
    return [round(number / length, DIGITS) for number in vector] if length else [0.0] * len(vector)


def row(version: DocumentVersion, claim: int, chunk: Chunk, vector: list[float]) -> dict[str, Any]:
    """Return a chunk as a document of the index."""
    page = {} if chunk.page is None else {"page": chunk.page}
    parent = {} if chunk.parent is None else {"parent_start": chunk.parent[0], "parent_end": chunk.parent[1]}
    return {
        **page,
        **parent,
        "tenant": version.tenant,
        "document_id": version.document_id,
        "chunk_id": f"{version.document_id}#{chunk.ordinal:05d}",
        "claim": claim,
        "ordinal": chunk.ordinal,
        "path": version.path,
        "title": version.title,
        "heading": chunk.heading,
        "content": chunk.content,
        "start": chunk.start,
        "end": chunk.end,
        "source_version": version.source_version,
        "rules": version.rules,
        "attributes": terms(chunk_attributes(version, chunk)),
        "embedding": unit(vector),
    }


def chunk_of(source: dict[str, Any]) -> Chunk:
    """Return the chunk of a document of the index."""
    return Chunk(
        ordinal=source["ordinal"],
        start=source["start"],
        end=source["end"],
        content=source["content"],
        heading=source["heading"],
        page=source.get("page"),
        parent=(source["parent_start"], source["parent_end"]) if "parent_start" in source else None,
    )


def batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[bytes]]:
    """Yield the rows, each with its action, as many as one request takes."""
    batch: list[bytes] = []
    size = 0
    for each in rows:
        line = INDEX + json.dumps(each, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        if batch and size + len(line) > MAX_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield batch


def removals(ids: list[str]) -> bytes:
    """Return the lines that delete documents of the index."""
    return b"".join(json.dumps({"delete": {"_id": each}}).encode() + b"\n" for each in ids)
