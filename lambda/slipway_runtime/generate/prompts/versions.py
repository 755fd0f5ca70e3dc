"""Versions that never change, numbered from 1, of prompts and of example sets; and who made them, when and why.

All changes of one name are numbered by its head, and each is one transaction with its line of the audit: of two
writers at once one sees the other's change and goes on from there, and no line is ever written over.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.prompts.names import no_such
from slipway_runtime.operate import rows
from slipway_runtime.operate.rows import NEW, Conflict, Row, Table

Kind = Literal["prompt", "example"]
NOUNS: dict[Kind, str] = {"prompt": "prompt", "example": "example set"}
ATTEMPTS = 12


class Author(msgspec.Struct, frozen=True):
    """Who makes a change, and why."""

    who: str
    why: str = ""


class Version(msgspec.Struct, frozen=True):
    """One version; `body` is its content in JSON. `created`: whether this call made it."""

    name: str
    number: int
    body: str
    digest: str
    by: str
    at: str
    why: str
    created: bool = False


class Head(msgspec.Struct, frozen=True):
    """Where the changes of one name stand."""

    name: str
    latest: int
    events: int
    at: str


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of the audit: what was done to which label or version, from where to where."""

    number: int
    action: str
    by: str
    at: str
    why: str = ""
    label: str = ""
    before: str = ""
    after: str = ""


@dataclass(frozen=True, kw_only=True)
class Versions:
    """One tenant's prompts or example sets."""

    table: Table
    tenant: str
    kind: Kind = "prompt"
    now: Callable[[], float] = time.time

    def create(self, name: str, body: str, author: Author) -> Version:
        """Add a version with this content and return it; content that is there already gives the version it has."""
        digest = hashlib.sha256(body.encode()).hexdigest()
        for _ in range(ATTEMPTS):
            if known := self.table.get(self.subject(name), f"digest#{digest}"):
                return self.get(name, int(known["number"]))
            head = self.head(name)
            number = head.latest + 1
            row: Row = {"body": body, "digest": digest, "by": author.who, "at": self.moment(), "why": author.why}
            entry = Entry(head.events + 1, "create", author.who, self.moment(), author.why, after=str(number))
            try:
                self.change(
                    head,
                    entry,
                    rows.put({**self._key(name, version_item(number)), "number": number, **row}, NEW),
                    rows.put({**self._key(name, f"digest#{digest}"), "number": number}, NEW),
                    latest=number,
                )
            except Conflict:
                continue
            return msgspec.structs.replace(_version(name, {**row, "number": number}), created=True)
        raise busy()

    def get(self, name: str, number: int) -> Version:
        """Return a version. Raises: ApiError 404."""
        if row := self.table.get(self.subject(name), version_item(number)):
            return _version(name, row)
        self.require(name)
        raise no_such("version", f"{name}@{number}", "version")

    def newest(self, name: str, *, after: int = 0, limit: int = 0) -> Iterator[Version]:
        """Yield the versions of a name, the newest first, those before the number `after` if given."""
        at = version_item(after) if after else ""
        for row in self.table.query(self.subject(name), "version#", after=at, limit=limit, newest_first=True):
            yield _version(name, row)

    def heads(self, *, after: str = "", limit: int = 0) -> Iterator[Head]:
        """Yield what there is, by name."""
        for row in self.table.query(self._heads, after=after, limit=limit):
            yield _head(str(row["item"]), row)

    def head(self, name: str) -> Head:
        """Return where a name stands; one that is not there stands at 0."""
        return _head(name, self.table.get(self._heads, name) or {})

    def require(self, name: str) -> Head:
        """Return where a name stands. Raises: ApiError 404."""
        head = self.head(name)
        if not head.latest:
            raise no_such(NOUNS[self.kind], name)
        return head

    def audit(self, name: str, *, before: int = 0, limit: int = 100) -> Iterator[Entry]:
        """Yield what was done, the newest first, the lines before the number `before` if given."""
        after = _entry_item(before) if before else ""
        for row in self.table.query(self.subject(name), "audit#", after=after, limit=limit, newest_first=True):
            yield msgspec.json.decode(str(row["entry"]), type=Entry)

    def change(self, head: Head, entry: Entry, *writes: dict[str, Any], latest: int = 0) -> None:
        """Do the writes, count the change and note it. Raises: Conflict if somebody changed the name since `head`."""
        condition = "events = :2" if head.events else NEW
        values: Sequence[rows.Cell] = (latest or head.latest, entry.number, head.events, entry.at)
        used = values if head.events else (values[0], values[1], entry.at)
        moved = f"SET latest = :0, events = :1, changed_at = :{len(used) - 1}"
        note = {**self._key(head.name, _entry_item(entry.number)), "entry": msgspec.json.encode(entry).decode()}
        self.table.write(rows.update(self._heads, head.name, moved, condition, used), rows.put(note, NEW), *writes)

    def subject(self, name: str) -> str:
        """Return under what the rows of a name are."""
        return f"{self.tenant}#{self.kind}#{name}"

    def moment(self) -> str:
        """Return the time, ISO 8601 in UTC."""
        return iso(self.now())

    @property
    def _heads(self) -> str:
        return f"{self.tenant}#{self.kind}s"

    def _key(self, name: str, item: str) -> Row:
        return {"subject": self.subject(name), "item": item}


def version_item(number: int) -> str:
    """Return the sort key of a version."""
    return f"version#{number:06}"


def iso(seconds: float) -> str:
    """Return a moment as ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def busy() -> ApiError:
    """Return the error for a name that many change at once."""
    message = "Many change this prompt at once; send the same request again."
    return ApiError(503, message, code="busy", retry_after_seconds=1)


def _entry_item(number: int) -> str:
    return f"audit#{number:09}"


def _head(name: str, row: Row) -> Head:
    return Head(name, int(row.get("latest", 0)), int(row.get("events", 0)), str(row.get("changed_at", "")))


def _version(name: str, row: Row) -> Version:
    body, digest, by, at, why = (str(row[field]) for field in ("body", "digest", "by", "at", "why"))
    return Version(name, int(row["number"]), body, digest, by, at, why)
