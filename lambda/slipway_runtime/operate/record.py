"""What the lineage keeps of one version of a document, and its form as an item of DynamoDB.

Source: Amazon S3 user guide, "Event message structure" (sequencer: hexadecimal; pad the shorter one with zeros on the
right, then compare as text).
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

Status = Literal["indexed", "duplicate", "rejected", "recognising", "deleted"]
SEQUENCER_DIGITS = 32


def padded(sequencer: str) -> str:
    """Return the sequencer so that text order is time order."""
    return sequencer.upper().ljust(SEQUENCER_DIGITS, "0")


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a document. `sequencer` is padded; `bytes` is the object's size; times are ISO 8601 in UTC.

    `rules` names everything that decided its chunks; `counts` is what the rules of its source did to the text.
    `duplicate_of`: the document that it repeats, with the Jaccard `similarity`; it is left out, or indexed all the same
    for the `reason`.   `deleted_at`: when it went for good, or the document of which it was the last; else "".
    """

    document_id: str
    tenant: str
    path: str
    bucket: str
    key: str
    sequencer: str
    status: Status
    updated_at: str
    version_id: str = ""
    etag: str = ""
    bytes: int = 0
    media_type: str = ""
    sha256: str = ""
    title: str = ""
    reason: str = ""
    chunks: int = 0
    rules: str = ""
    counts: dict[str, int] = {}
    duplicate_of: str = ""
    similarity: float = 0.0
    deleted_at: str = ""


def item_of(record: Record) -> dict[str, Any]:
    """Return the attributes of a record."""
    return {name: cell(value) for name, value in msgspec.structs.asdict(record).items()}


def record_of(item: Mapping[str, Mapping[str, Any]]) -> Record:
    """Return the record of an item. Raises: msgspec.ValidationError if it is none."""
    return msgspec.convert({name: _value(each) for name, each in item.items()}, Record)


def cell(value: str | float | dict[str, int]) -> dict[str, Any]:
    """Return a value as DynamoDB takes it."""
    if isinstance(value, dict):
        return {"M": {name: cell(number) for name, number in value.items()}}
    return {"S": value} if isinstance(value, str) else {"N": str(value)}


def _value(cell: Mapping[str, Any]) -> Any:
    ((kind, value),) = cell.items()
    if kind == "M":
        return {name: _value(inner) for name, inner in value.items()}
    if kind == "N":
        return int(value) if value.isdigit() else float(value)
    return value
