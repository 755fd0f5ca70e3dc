"""Takes a deleted document's words out of what assistants said: answers made from it, and summaries of those.

An answer gives way to a sentence that says so; what people asked stays. So does each later answer, unless it repeats
one that goes: a run of `REPEATED_WORDS` words or more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.generate.conversation import Message
from slipway_runtime.generate.memory.turns import packed, unpacked
from slipway_runtime.generate.mentions import Mentions
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.operate.rows import Row, Table

MARKER = "[This answer is gone: a document that it was made from was deleted.]"
REPEATED_WORDS = 8
WORD = re.compile(r"\w+")
Run = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Forgetting:
    """Works on the conversations of all users of a tenant."""

    table: Table
    tenant: str

    def forget(self, document_id: str, deadline: Deadline, *, until: int | None = None) -> int:
        """Remove what was said from a document and return how many answers that were.

        `until`: seconds since 1970; later turns stay, since the document was there again. What the deadline leaves
        goes the next time.
        """
        mentions, removed = Mentions(table=self.table, tenant=self.tenant), 0
        for place in mentions.of(document_id):
            if deadline.remaining_seconds <= 0:
                break
            identifier, user = place.split("#")
            found, is_left = self._conversation(f"{self.tenant}#{user}", identifier, document_id, until)
            removed += found
            if not is_left:
                mentions.forget([document_id], place)
        return removed

    def _conversation(self, subject: str, identifier: str, document_id: str, until: int | None) -> tuple[int, bool]:
        """Return how many answers went, and whether turns made from the document stay."""
        gone: list[str] = []
        runs: set[Run] = set()
        is_left = False
        for row in self.table.query(subject, f"turn#{identifier}#"):
            is_of = document_id in _documents(row)
            if until is not None and int(row["at"]) > until:
                is_left = is_left or is_of
                continue
            messages = unpacked(_bytes(row["messages"]))
            if not messages or (not is_of and runs.isdisjoint(_runs(messages[-1].text))):
                continue
            runs.update(_runs(messages[-1].text))
            if self._replace(row, messages):
                gone.append(str(row["item"]))
        head = self.table.get(subject, f"head#{identifier}")
        if head and (
            document_id in _documents(head) or any(int(each[-8:]) <= int(head["summarised"]) for each in gone)
        ):
            self._change(head, "SET summary = :none, documents = :none", {":none": {"S": ""}})
        return len(gone), is_left

    def _replace(self, row: Row, messages: tuple[Message, ...]) -> bool:
        """Put the marker in the place of an answer."""
        without = (*messages[:-1], msgspec.structs.replace(messages[-1], text=MARKER))
        values = {":messages": {"B": packed(without)}, ":none": {"S": ""}}
        return self._change(row, "SET messages = :messages, documents = :none", values)

    def _change(self, row: Row, what: str, values: dict[str, Any]) -> bool:
        """Change a row, False where its user has deleted it."""
        try:
            self.table.client.update_item(
                TableName=self.table.name,
                Key={"subject": {"S": str(row["subject"])}, "item": {"S": str(row["item"])}},
                UpdateExpression=what,
                ConditionExpression="attribute_exists(subject)",
                ExpressionAttributeValues=values,
            )
        except self.table.client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _runs(text: str) -> Iterable[Run]:
    words = [each.casefold() for each in WORD.findall(text)] if text != MARKER else []
    return zip(*(words[begin:] for begin in range(REPEATED_WORDS)), strict=False)


def _documents(row: Row) -> list[str]:
    return str(row.get("documents", "")).split()


def _bytes(cell: object) -> bytes:
    if not isinstance(cell, bytes):
        raise TypeError("a turn whose messages are no bytes")
    return cell
