"""Keeps feedback, and the questions and answers that it is about.

| subject | items |
|---|---|
| `<tenant>#feedback` | by request id and person: a person's later word on a request replaces the earlier |
| `<tenant>#of#<user>` | `content#<request id>`, until it expires; `feedback#<item>` by the user or on its requests |
| `<tenant>#from#<document>` | by request id, which of those contents rest on a document; they expire with them |

What one user said lies, or is listed, in one partition, so that deleting it leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from slipway_runtime.generate.errors import ApiError, invalid
from slipway_runtime.operate import rows
from slipway_runtime.operate.feedback.given import Content, Given, Kept
from slipway_runtime.operate.meter.entry import Entry
from slipway_runtime.operate.meter.ledger import Ledger
from slipway_runtime.operate.rows import Row, Table

MAX_BYTES = 300_000  # DynamoDB takes 400 KB an item
CONTENT, FEEDBACK = "content#", "feedback#"


class Erased(NamedTuple):
    """How many questions with their answers, and how many opinions, were deleted."""

    exchanges: int
    feedback: int


@dataclass(frozen=True, kw_only=True)
class Feedbacks:
    """The feedback of one tenant."""

    table: Table
    tenant: str
    now: Callable[[], float] = time.time

    def give(self, given: Given) -> Kept:
        """Keep what a person says of a request; the same again changes nothing.

        Raises: ApiError 400 for feedback that says nothing, 404 for a request that this tenant did not make.
        """
        if not given.says_something:
            raise invalid("Give one of thumbs, rating, text and correction.", "thumbs", "missing_required_parameter")
        ledger = Ledger(table=self.table)
        entry = ledger.get(self.tenant, given.request_id)
        if entry is None:
            message = "No request of this tenant has this id; it is the 'id' of the completion."
            raise ApiError(404, message, code="request_not_found", param="request_id")
        item = f"{given.request_id}#{hashlib.sha256(given.user.encode()).hexdigest()[:16]}"
        before = self.table.get(self._subject, item)
        if before and (old := _kept(before)).given == given:
            return old
        kept = Kept(given, entry, int(self.now()))
        row: Row = {"subject": self._subject, "item": item, "body": msgspec.json.encode(kept).decode()}
        listed: list[Row] = [{"subject": self._of(user), "item": f"{FEEDBACK}{item}"} for user in _people(kept)]
        # Conversations are a user's own: to anybody else this id says nothing.
        for each in listed:
            each["conversation"] = entry.conversation if each["subject"] == self._of(entry.user) else ""
        self.table.write(*map(rows.put, [row, *listed]))
        return kept

    def all(self, *, after: str = "", limit: int = 0) -> Iterator[tuple[str, Kept]]:
        """Yield places and feedback, in the order of the requests."""
        for row in self.table.query(self._subject, after=after, limit=limit):
            yield str(row["item"]), _kept(row)

    def content(self, entry: Entry) -> Content | None:
        """Return what was asked and answered, None where it is not kept, or no longer."""
        row = self.table.get(self._of(entry.user), f"{CONTENT}{entry.id}")
        if row is None or int(row["expires_at"]) <= self.now():
            return None
        return msgspec.json.decode(str(row["body"]), type=Content)

    def keep_content(self, entry: Entry, content: Content, *, days: int) -> bool:
        """Keep the question and the answer of a request; False for one that is too long to be an item."""
        body = msgspec.json.encode(content)
        if len(body) > MAX_BYTES:
            return False
        owner, expires_at = self._of(entry.user), int(self.now()) + days * 86_400
        kept: Row = {"subject": owner, "item": f"{CONTENT}{entry.id}", "body": body.decode(), "expires_at": expires_at}
        listed: list[Row] = [
            {"subject": self._from(document), "item": entry.id, "owner": owner, "expires_at": expires_at}
            for document in entry.documents
        ]
        self.table.write(*map(rows.put, [{**kept, "conversation": entry.conversation}, *listed]))
        return True

    def erase_user(self, user: str) -> Erased:
        """Delete what a user asked and was answered, said, and what others said of it. The ledger's numbers stay."""
        return self._erase(self.table.query(self._of(user)))

    def erase_conversation(self, user: str, conversation: str) -> Erased:
        """Delete the same of one conversation alone."""
        listed = self.table.query(self._of(user))
        return self._erase(row for row in listed if row.get("conversation") == conversation)

    def erase_document(self, document_id: str) -> int:
        """Delete questions and answers that rest on a document; what people said of them stays."""
        subject = self._from(document_id)
        listed = list(self.table.query(subject))
        self.table.delete([(str(row["owner"]), CONTENT + str(row["item"])) for row in listed])
        # The list goes last: of an erasure that was broken off it tells what is left.
        self.table.delete([(subject, str(row["item"])) for row in listed])
        return len(listed)

    def _erase(self, listed: Iterable[Row]) -> Erased:
        found = list(listed)
        said = [row for row in found if str(row["item"]).startswith(FEEDBACK)]
        feedback = sum(self._erase_feedback(str(row["item"]).removeprefix(FEEDBACK)) for row in said)
        self.table.delete([(str(row["subject"]), str(row["item"])) for row in found])
        return Erased(len(found) - len(said), feedback)

    def _erase_feedback(self, item: str) -> bool:
        """Delete an opinion wherever it is listed; False where it had gone with the other person's."""
        row = self.table.get(self._subject, item)
        if row is None:
            return False
        people = [(self._of(user), f"{FEEDBACK}{item}") for user in _people(_kept(row))]
        self.table.delete([(self._subject, item), *people])
        return True

    @property
    def _subject(self) -> str:
        return f"{self.tenant}#feedback"

    def _of(self, user: str) -> str:
        return f"{self.tenant}#of#{rows.named(user)}"

    def _from(self, document_id: str) -> str:
        return f"{self.tenant}#from#{document_id}"


def _people(kept: Kept) -> list[str]:
    return sorted({kept.given.user, kept.entry.user})


def _kept(row: Row) -> Kept:
    return msgspec.json.decode(str(row["body"]), type=Kept)
