"""Keeps feedback, and the questions and answers that it is about.

| subject | items |
|---|---|
| `<tenant>#feedback` | by request id and person: a person's later word on a request replaces the earlier |
| `<tenant>#content` | by request id, until it expires |
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from slipway_runtime.generate.errors import ApiError, invalid
from slipway_runtime.generate.prompts import table as rows
from slipway_runtime.generate.prompts.table import Row, Table
from slipway_runtime.operate.feedback.given import Content, Given, Kept
from slipway_runtime.operate.meter.ledger import Ledger

MAX_BYTES = 300_000  # DynamoDB takes 400 KB an item


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
        self.table.write(rows.put({"subject": self._subject, "item": item, "body": msgspec.json.encode(kept).decode()}))
        return kept

    def all(self, *, after: str = "", limit: int = 0) -> Iterator[tuple[str, Kept]]:
        """Yield places and feedback, in the order of the requests."""
        for row in self.table.query(self._subject, after=after, limit=limit):
            yield str(row["item"]), _kept(row)

    def content(self, request_id: str) -> Content | None:
        """Return what was asked and answered, None where it is not kept, or no longer."""
        row = self.table.get(f"{self.tenant}#content", request_id)
        if row is None or int(row["expires_at"]) <= self.now():
            return None
        return msgspec.json.decode(str(row["body"]), type=Content)

    def keep_content(self, request_id: str, content: Content, *, days: int) -> bool:
        """Keep a question and its answer; False for one that is too long to be an item."""
        body = msgspec.json.encode(content)
        if len(body) > MAX_BYTES:
            return False
        expires_at = int(self.now()) + days * 86_400
        self.table.write(
            rows.put(
                {
                    "subject": f"{self.tenant}#content",
                    "item": request_id,
                    "body": body.decode(),
                    "expires_at": expires_at,
                }
            )
        )
        return True

    @property
    def _subject(self) -> str:
        return f"{self.tenant}#feedback"


def _kept(row: Row) -> Kept:
    return msgspec.json.decode(str(row["body"]), type=Kept)
