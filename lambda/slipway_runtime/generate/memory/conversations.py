"""The conversations table: everything of one user lies in one partition or is named there, so that deleting it leaves
nothing behind.

| subject | items |
|---|---|
| `<tenant>#<user>` | `head#<conversation>`, `turn#<conversation>#<number>`, `key#<conversation>#<digest>` of a turn |
| see `mentions` | `<conversation>#<user>`: which documents its answers are made from |

Rows expire so many days after they were written last; a head is written with each turn.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from slipway_runtime.generate.conversation import Message
from slipway_runtime.generate.errors import invalid
from slipway_runtime.generate.memory.rows import head_of, place_of, turn_of, words_of
from slipway_runtime.generate.memory.turns import Head, Remembered, Turn, packed
from slipway_runtime.generate.mentions import MAX_DOCUMENTS, Mentions
from slipway_runtime.operate.rows import NEW, Conflict, Row, Table, named, put

ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
DAY_SECONDS = 86_400
MAX_ATTEMPTS = 20


class Gone(Exception):  # noqa: N818 - not a fault: somebody deleted it
    """The conversation was deleted while it was being continued; what was to be added is not kept."""


@dataclass(frozen=True, kw_only=True)
class Conversations:
    """All conversations of one user of a tenant; `keep_days` after its last turn a conversation expires."""

    table: Table
    tenant: str
    user: str
    keep_days: int
    now: Callable[[], float] = time.time

    @property
    def subject(self) -> str:
        """Return the partition; no name of a user can be read as another one's."""
        return f"{self.tenant}#{named(self.user)}"

    def head(self, identifier: str) -> Head | None:
        """Return a conversation without its turns, None where there is none."""
        row = self._alive(self.table.get(self.subject, f"head#{identifier}"))
        return head_of(row) if row else None

    def recall(self, identifier: str) -> Remembered:
        """Return a conversation as it goes on: its summary and the turns after it. One that is new has neither."""
        head = self.head(identifier)
        if head is None:
            return Remembered(Head(id=identifier))
        return Remembered(head, tuple(self.turns(head, after=head.summarised)))

    def turns(self, head: Head, *, after: int = 0) -> Iterator[Turn]:
        """Yield the turns of a conversation after the `after`th, the oldest first."""
        prefix = f"turn#{head.id}#"
        rows = self.table.query(self.subject, prefix, after=place_of(head.id, after) if after else "")
        # A deletion that was broken off may have left some that no head counts.
        yield from (turn for row in rows if self._alive(row) and (turn := turn_of(row)).number <= head.turns)

    def heads(self, *, after: str = "", limit: int = 0) -> Iterator[Head]:
        """Yield the conversations in the order of their ids, those after `after`."""
        rows = self.table.query(self.subject, "head#", after=f"head#{after}" if after else "", limit=limit)
        yield from (head_of(row) for row in rows if self._alive(row))

    def done(self, identifier: str, key: str) -> Turn | None:
        """Return the turn that was kept under an idempotency key, None where there is none."""
        row = self._alive(self.table.get(self.subject, f"key#{identifier}#{key}"))
        found = self._alive(self.table.get(self.subject, place_of(identifier, int(row["turn"])))) if row else None
        return turn_of(found) if found else None

    def add(
        self,
        seen: Head,
        key: str,
        messages: tuple[Message, ...],
        finish_reason: str,
        documents: tuple[str, ...] = (),
    ) -> Turn:
        """Append a turn and return it, or the one that was kept under this key already.

        `documents`: the ids of those that its answer is made from, at most MAX_DOCUMENTS.
        Where others were quicker it comes after theirs; it says itself which one it had `seen`.
        Raises: Gone if the conversation was deleted meanwhile; Conflict if others are quicker again and again.
        """
        head: Head | None = seen
        for attempt in range(MAX_ATTEMPTS):
            if head is None and seen.turns:
                raise Gone(seen.id)
            held = head or Head(id=seen.id)
            turn = Turn(
                number=held.turns + 1,
                seen=seen.turns,
                messages=messages,
                finish_reason=finish_reason,
                at=int(self.now()),
                documents=documents,
            )
            try:
                self._refresh(held, held.documents)
                self.table.write(*self._writes(held, turn, key))
            except Conflict:
                if (before := self.done(seen.id, key)) is not None:
                    return before
                if attempt == MAX_ATTEMPTS - 1:
                    raise
                head = self.head(seen.id)
                continue
            return turn
        raise AssertionError("the loop ends by a return or an error")

    def summarise(self, seen: Head, summary: str, summarised: int, documents: tuple[str, ...] = ()) -> bool:
        """Keep a summary of the turns up to `summarised`; False where somebody has changed the summary meanwhile.

        `documents`: the ids of those that these turns and the summary before are made from.
        """
        self._refresh(seen, documents)
        request: dict[str, Any] = {
            "TableName": self.table.name,
            "Key": {"subject": {"S": self.subject}, "item": {"S": f"head#{seen.id}"}},
            "UpdateExpression": "SET summary = :summary, summarised = :until, documents = :documents",
            "ConditionExpression": "summarised = :before AND summary = :old",
            "ExpressionAttributeValues": {
                ":summary": {"S": summary},
                ":until": {"N": str(summarised)},
                ":documents": {"S": " ".join(documents)},
                ":before": {"N": str(seen.summarised)},
                ":old": {"S": seen.summary},
            },
        }
        try:
            self.table.client.update_item(**request)
        except self.table.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def delete(self, identifier: str) -> bool:
        """Delete a conversation; False where there was nothing of it."""
        # Without its head nothing is added to it any more.
        head = self.table.get(self.subject, f"head#{identifier}")
        rows = [head] if head else []
        self._remove(rows)
        for prefix in (f"turn#{identifier}#", f"key#{identifier}#"):
            left = list(self.table.query(self.subject, prefix))
            self._remove(left)
            rows += left
        return bool(rows)

    def delete_all(self) -> int:
        """Delete everything of this user, and return how many conversations that were."""
        heads = list(self.table.query(self.subject, "head#"))
        self._remove(heads)
        self._remove(list(self.table.query(self.subject)))
        return len(heads)

    def _writes(self, held: Head, turn: Turn, key: str) -> list[dict[str, Any]]:
        expires = turn.at + self.keep_days * DAY_SECONDS
        place: Row = {"subject": self.subject, "expires_at": expires}
        head: Row = {
            **place,
            "item": f"head#{held.id}",
            "turns": turn.number,
            "summary": held.summary,
            "summarised": held.summarised,
            "created_at": held.created_at or turn.at,
            "updated_at": turn.at,
            "documents": " ".join(held.documents),
        }
        row: Row = {
            **place,
            "item": place_of(held.id, turn.number),
            "seen": turn.seen,
            "messages": packed(turn.messages),
            "finish_reason": turn.finish_reason,
            "at": turn.at,
            "documents": " ".join(turn.documents),
        }
        # The summary too: what it said of a document that was deleted meanwhile must not come back.
        unchanged = ("turns = :0 AND summarised = :1 AND summary = :2", (held.turns, held.summarised, held.summary))
        # A row that has expired and is still there is as good as none. The head's condition guards the turn too.
        fresh = (f"{NEW} OR expires_at <= :0", (turn.at,))
        return [
            put(head, *(unchanged if held.turns else fresh)),
            put(row),
            put({**place, "item": f"key#{held.id}#{key}", "turn": turn.number}, *fresh),
            *self._mentions.writes(turn.documents, self._mentioned(held.id), expires),
        ]

    @property
    def _mentions(self) -> Mentions:
        return Mentions(table=self.table, tenant=self.tenant)

    def _mentioned(self, identifier: str) -> str:
        return f"{identifier}#{named(self.user)}"

    def _refresh(self, head: Head, documents: tuple[str, ...]) -> None:
        """Let it be known for as long as the head lives which documents its summary is made from."""
        expires = int(self.now()) + self.keep_days * DAY_SECONDS
        for begin in range(0, len(documents), MAX_DOCUMENTS):
            some = documents[begin : begin + MAX_DOCUMENTS]
            self.table.write(*self._mentions.writes(some, self._mentioned(head.id), expires))

    def _alive(self, row: Row | None) -> Row | None:
        """Return a row unless it has expired: DynamoDB takes up to some days to remove one."""
        return row if row and int(row["expires_at"]) > self.now() else None

    def _remove(self, rows: list[Row]) -> None:
        mentions = {
            each
            for row in rows
            for each in self._mentions.keys(words_of(row, "documents"), self._mentioned(str(row["item"]).split("#")[1]))
        }
        self.table.delete(sorted(mentions))
        self.table.delete([(self.subject, str(row["item"])) for row in rows])


def checked_id(identifier: str, param: str) -> str:
    """Return the id of a conversation. Raises: ApiError 400 naming the parameter."""
    if not ID.fullmatch(identifier):
        raise invalid(f"'{param}' must be 1 to 64 letters, digits, '_' and '-'.", param)
    return identifier


def digest(*parts: str | bytes) -> str:
    """Return the key that stands for these parts in their order."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()
