"""The items of a job: one JSON line each, a curated document or a text of any maker."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

MAX_TEXT_BYTES = 200_000
EXPECTED = (
    'expected a curated document, or {"text": "…"}, with "document_id", "source_version", "rules" and "title" where '
    "known"
)


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """What people see, and where it came from. `number` is its place among the job's items, from 1.

    `text` is "" where its document was deleted since.
    """

    number: int
    text: str
    title: str = ""
    document_id: str = ""
    source_version: str = ""
    rules: str = ""

    def line(self) -> bytes:
        """Return the item as one line of canonical JSON."""
        return msgspec.json.encode(self, order="sorted") + b"\n"


class RejectedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that is no item: `source` and `line` say where (from 1), `reason` names the remedy."""

    source: str
    line: int
    reason: str

    def encoded(self) -> bytes:
        """Return the rejected line's place and reason as one line of canonical JSON."""
        return msgspec.json.encode(self, order="sorted") + b"\n"


class _Given(msgspec.Struct):
    """What a line may hold; a curated document holds more."""

    text: str
    title: str = ""
    document_id: str = ""
    source_version: str = ""
    rules: str = ""
    tenant: str | None = None


def read_file(data: bytes) -> list[Item]:
    """Return the items of a job's file."""
    return [read_item(line, number) for number, line in enumerate(data.split(b"\n")[:-1], 1)]


def read_item(line: bytes, number: int) -> Item:
    """Return the item of a line of a job's file; spaces stand for one whose document was deleted."""
    return msgspec.json.decode(line, type=Item) if line.strip() else Item(number=number, text="")


def read_items(lines: Iterable[tuple[str, int, bytes]], tenant: str) -> Iterator[Item | RejectedLine]:
    """Yield an item or a rejection for each line that is not blank; `lines` are source, line number from 1, bytes."""
    number, seen = 0, set[bytes]()
    for source, line, data in lines:
        if not data.strip():
            continue
        found = _read(data, tenant)
        key = msgspec.json.encode((found.document_id, found.text)) if isinstance(found, _Given) else b""
        if isinstance(found, str) or key in seen:
            reason = found if isinstance(found, str) else "the same text of the same document came before; leave it out"
            yield RejectedLine(source=source, line=line, reason=reason)
            continue
        seen.add(key)
        number += 1
        fields: dict[str, Any] = {name: getattr(found, name) for name in _COPIED}
        yield Item(number=number, **fields)


_COPIED = ("text", "title", "document_id", "source_version", "rules")


def _read(data: bytes, tenant: str) -> _Given | str:
    """Return what the line holds, or why it is rejected."""
    try:
        found = msgspec.json.decode(data, type=_Given)
    except msgspec.ValidationError as error:
        return f"{error}; {EXPECTED}"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return f"this is no JSON object; {EXPECTED}"
    if not found.text.strip():
        return "the field text is empty; leave the line out"
    if len(data) > MAX_TEXT_BYTES:
        return f"the line has {len(data)} bytes, at most {MAX_TEXT_BYTES} are shown to people; split the text"
    if found.tenant not in (None, tenant):
        return f"the line belongs to another tenant; start a job of that tenant, this one is of {tenant}"
    return found
