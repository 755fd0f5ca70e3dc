"""A chunk as a document of the index, and back.

The document's text is the chunk's heading and content. What Kendra gives back of it is a passage, so that the chunk as
it is stands in the field `chunk` too, in up to ten pieces, each with its place before it.
Source: Amazon Kendra API reference, "Document", "DocumentAttributeValue".
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from slipway_runtime.retrieve.chunk import Chunk
from slipway_runtime.retrieve.filters import Attributes
from slipway_runtime.retrieve.stores.contract import DocumentVersion, Hit, chunk_attributes
from slipway_runtime.retrieve.stores.kendra import fields

MAX_HEADING_CHARACTERS = 512
MAX_TITLE_CHARACTERS = 1_024
# Kendra tells no scores but how confident it is; these stand for it among scores from 0 to 1.
CONFIDENCE = {"VERY_HIGH": 0.9, "HIGH": 0.7, "MEDIUM": 0.5, "LOW": 0.2}
NO_CONFIDENCE = 0.5


@dataclass(frozen=True)
class Row:
    """A chunk that was read. `id` is the Kendra document's."""

    id: str
    chunk_id: str
    document_id: str
    digest: str
    chunk: Chunk
    attributes: Attributes
    confidence: float

    def hit(self, rank: int) -> Hit:
        """Return it as the hit of that rank, from 1."""
        return Hit(
            chunk_id=self.chunk_id,
            document_id=self.document_id,
            path=str(self.attributes["path"]),
            heading=self.chunk.heading,
            page=self.chunk.page,
            content=self.chunk.content,
            start=self.chunk.start,
            end=self.chunk.end,
            score=self.confidence,
            fused=1 / rank,
        )


def content_digest(version: DocumentVersion, chunks: list[Chunk]) -> str:
    """Return what tells the chunks of one version from those of another."""
    told = [version.sequencer, version.path, sorted(version.attributes.items()), [_told(each) for each in chunks]]
    return fields.digest(json.dumps(told))[:24]


def about_digest(version: DocumentVersion) -> str:
    """Return what tells whether touching a document changes any of its chunks."""
    return fields.digest(json.dumps([version.path, sorted(version.attributes.items())]))[:24]


def id_of(document_id: str, ordinal: int, digest: str) -> str:
    """Return the id of a chunk of a version: the same however often it is written."""
    return f"{document_id}#{ordinal:05d}@{digest}"


def ids_of(document_id: str, chunks: int, digest: str) -> list[str]:
    """Return the ids of all chunks of a version."""
    return [id_of(document_id, ordinal, digest) for ordinal in range(chunks)]


def version_of(document_id: str, digest: str) -> str:
    """Return the value of the field `version`."""
    return f"{document_id}@{digest}"


def document(version: DocumentVersion, digest: str, chunk: Chunk, names: Collection[str]) -> dict[str, Any]:
    """Return the document to put. Raises: ValueError for a chunk that is larger than the fields take."""
    attributes = chunk_attributes(version, chunk)
    texts = {
        fields.TENANT: fields.digest(version.tenant),
        fields.DOCUMENT: version.document_id,
        fields.VERSION: version_of(version.document_id, digest),
    }
    heading = f"{chunk.heading}\n\n" if chunk.heading else ""
    return {
        "Id": id_of(version.document_id, chunk.ordinal, digest),
        "Title": version.title[:MAX_TITLE_CHARACTERS],
        "ContentType": "PLAIN_TEXT",
        "Blob": (heading + chunk.content).encode(),
        "Attributes": [
            *({"Key": key, "Value": {"StringValue": value}} for key, value in texts.items()),
            {"Key": fields.ORDINAL, "Value": {"LongValue": chunk.ordinal}},
            {"Key": fields.CHUNK, "Value": {"StringListValue": _pieces([_told(chunk), attributes])}},
            *fields.values(attributes, names),
        ],
    }


def row(found: dict[str, Any]) -> Row:
    """Return the chunk of a result item of Query or Retrieve."""
    held = {each["Key"]: each["Value"] for each in found["DocumentAttributes"]}
    told, attributes = json.loads("".join(each[1:] for each in sorted(held[fields.CHUNK]["StringListValue"])))
    ordinal, start, end, heading, page, parent, content = told
    chunk = Chunk(
        ordinal=ordinal,
        start=start,
        end=end,
        content=content,
        heading=heading,
        page=page,
        parent=tuple(parent) if parent else None,
    )
    chunk_id, _, digest = found["DocumentId"].rpartition("@")
    confidence = found.get("ScoreAttributes", {}).get("ScoreConfidence", "")
    return Row(
        id=found["DocumentId"],
        chunk_id=chunk_id,
        document_id=chunk_id.rpartition("#")[0],
        digest=digest,
        chunk=chunk,
        attributes=attributes,
        confidence=CONFIDENCE.get(confidence, NO_CONFIDENCE),
    )


def _told(chunk: Chunk) -> list[Any]:
    heading = chunk.heading[:MAX_HEADING_CHARACTERS]
    return [chunk.ordinal, chunk.start, chunk.end, heading, chunk.page, chunk.parent, chunk.content]


def _pieces(told: list[Any]) -> list[str]:
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    size = fields.MAX_VALUE_CHARACTERS - 1
    pieces = [f"{number}{text[start : start + size]}" for number, start in enumerate(range(0, len(text), size))]
    if len(pieces) > fields.MAX_LIST_VALUES:
        raise ValueError(f"a chunk has {len(text)} characters with its own, expected at most {size * 10}")
    return pieces
