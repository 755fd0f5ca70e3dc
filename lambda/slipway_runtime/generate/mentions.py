"""Which answers were made from a document: a row for each, beside the answers, so that none is looked for.

| subject | items |
|---|---|
| `<tenant>#document#<document id>` | where an answer is, as its keeper says it |

A row is written with its answer, all or none, and expires with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from slipway_runtime.generate.facts import Facts
from slipway_runtime.operate.rows import Row, Table, put

# DynamoDB takes 100 writes in a transaction, of which an answer is some.
MAX_DOCUMENTS = 90


@dataclass(frozen=True, kw_only=True)
class Mentions:
    """The rows of one tenant in the table of those who keep answers; `place` is where an answer is."""

    table: Table
    tenant: str

    def writes(self, documents: Iterable[str], place: str, expires_at: int) -> list[dict[str, Any]]:
        """Return the writes that note which documents an answer is made from."""
        rows: list[Row] = [
            {"subject": self._subject(each), "item": place, "expires_at": expires_at} for each in sorted(set(documents))
        ]
        return [put(row) for row in rows]

    def of(self, document_id: str) -> Iterator[str]:
        """Yield the places of the answers that are made from a document."""
        return (str(row["item"]) for row in self.table.query(self._subject(document_id)))

    def keys(self, documents: Iterable[str], place: str) -> list[tuple[str, str]]:
        """Return subject and item of the rows of an answer."""
        return [(self._subject(each), place) for each in sorted(set(documents))]

    def forget(self, documents: Iterable[str], place: str) -> None:
        """Remove the rows of an answer."""
        self.table.delete(self.keys(documents, place))

    def _subject(self, document_id: str) -> str:
        return f"{self.tenant}#document#{document_id}"


def cited(facts: Facts, notes: dict[str, Any]) -> tuple[str, ...]:
    """Return the ids of the documents that an answer cites; where it cites none, of all that it was given."""
    by_chunk = dict(zip(facts.chunks, facts.documents, strict=False))
    named = {by_chunk.get(each.get("chunk_id", ""), "") for each in notes.get("citations", ())}
    return tuple(sorted((named - {""}) or set(facts.documents)))
