"""Whose questions the cache holds: a row for each, beside the answers, so that they go with what is known of a user.

| subject | items |
|---|---|
| `<tenant>#user#<user>` | `<conversation>#` and where the answer is, as its keeper says it |

A row is written with its answer, all or none, and expires with it; it holds no word of the question.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from slipway_runtime.operate.rows import Table, named, put


class Asker(NamedTuple):
    """Who asked, and in which conversation; "" for nobody that was named, and for none."""

    user: str = ""
    conversation: str = ""


@dataclass(frozen=True, kw_only=True)
class Askers:
    """The rows of one tenant in the cache's table; `place` is where an answer is."""

    table: Table
    tenant: str

    def write(self, asker: Asker, place: str, expires_at: int) -> dict[str, Any]:
        """Return the write that notes whose question an answer is to."""
        item = f"{asker.conversation}#{place}"
        return put({"subject": self._subject(asker.user), "item": item, "expires_at": expires_at})

    def of(self, user: str, conversation: str | None = None) -> Iterator[tuple[str, str]]:
        """Yield the row, and the place of the answer, to each question of a user, or of one conversation alone."""
        rows = self.table.query(self._subject(user), "" if conversation is None else f"{conversation}#")
        return ((item, item.partition("#")[2]) for item in (str(row["item"]) for row in rows))

    def forget(self, user: str, item: str) -> None:
        """Remove a row."""
        self.table.delete([(self._subject(user), item)])

    def _subject(self, user: str) -> str:
        return f"{self.tenant}#user#{named(user)}"
