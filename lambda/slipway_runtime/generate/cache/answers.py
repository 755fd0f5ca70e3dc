"""The cache's table: answers by what they depend on, and the questions of each scope with their vectors.

| subject | items |
|---|---|
| `<tenant>#answer#<scope>` | `<question>`: the answer |
| `<tenant>#questions#<scope>` | `<time>#<question>`: a question, its vector and its signs |
| see `askers` | of an answer, whose question it is to |
| see `mentions` | `<scope>#<question>#<time>`: of an answer, which documents it is made from |

All expire. Of a scope only the newest `MAX_CANDIDATES` questions are looked at, in one read.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.generate.cache.askers import Asker, Askers
from slipway_runtime.generate.cache.key import Key
from slipway_runtime.generate.cache.vectors import Packed, nearest, similarity
from slipway_runtime.generate.mentions import MAX_DOCUMENTS, Mentions
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.operate.rows import Row, Table, put

# Of these with 1 kB each, one page of DynamoDB holds all.
MAX_CANDIDATES = 400
COMPARED = 12
# A row holds 400 KB; answers that are larger packed are rare, and asked for anew.
MAX_ANSWER_BYTES = 300_000
NOBODY = Asker()


class Kept(msgspec.Struct, frozen=True):
    """An answer as it was given: text, why it ended, and the notes beside it. `epoch`: that of the documents then.

    `chunks`: the ids of what it was given, and in `documents` those of their documents.
    """

    text: str
    finish_reason: str
    notes: dict[str, Any]
    epoch: int
    route: str
    chunks: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Access to the table; an answer is given again for `seconds`."""

    table: Table
    seconds: int
    now: Callable[[], float] = time.time

    def get(self, key: Key, epoch: int) -> Kept | None:
        """Return the answer to this very question, None where there is none that still holds."""
        return self._get(key.tenant, key.scope, key.question, epoch)

    def similar(self, key: Key, vector: Packed, least: float, epoch: int) -> tuple[Kept, float] | None:
        """Return the answer to the nearest question of the scope that says the same, with the similarity."""
        # Not on the way of a function's start: its expressions take milliseconds to compile.
        from slipway_runtime.generate.cache.facts import agree, facts  # noqa: PLC0415

        rows = [row for row in self._questions(key) if int(row["expires_at"]) > self.now()]
        wanted = facts(key.text)
        for row in nearest(vector.signs, ((_bytes(row["signs"]), row) for row in rows), COMPARED):
            near = similarity(vector.values, _bytes(row["vector"]))
            if near < least or not agree(wanted, facts(str(row["text"]))):
                continue
            question = str(row["item"]).rsplit("#", 1)[1]
            if found := self._get(key.tenant, key.scope, question, epoch):
                return found, near
        return None

    def keep(
        self, key: Key, answer: Kept, vector: Packed | None, told: tuple[str, ...] = (), asker: Asker = NOBODY
    ) -> None:
        """Keep an answer, and its question where it has a vector. `told`: documents that were spoken of before."""
        packed, documents = zlib.compress(msgspec.json.encode(answer)), {*answer.documents, *told}
        if len(packed) > MAX_ANSWER_BYTES or len(documents) > MAX_DOCUMENTS:
            return
        expires = int(self.now()) + self.seconds
        row: Row = {"subject": f"{key.tenant}#answer#{key.scope}", "item": key.question, "expires_at": expires}
        at = f"{int(self.now() * 1000):015d}"
        answered = f"{key.scope}#{key.question}#{at}"
        writes = [put(row | {"answer": packed})]
        writes += Mentions(table=self.table, tenant=key.tenant).writes(documents, answered, expires)
        writes.append(Askers(table=self.table, tenant=key.tenant).write(asker, answered, expires))
        if vector:
            place: Row = {"subject": f"{key.tenant}#questions#{key.scope}", "item": f"{at}#{key.question}"}
            question: Row = {"expires_at": expires, "text": key.text, "vector": vector.values, "signs": vector.signs}
            writes.append(put(place | question))
        self.table.write(*writes)

    def forget(self, tenant: str, document_id: str, deadline: Deadline) -> int:
        """Remove the answers that were made from a document, with their questions, and return how many there were.

        What the deadline leaves goes the next time.
        """
        mentions, removed = Mentions(table=self.table, tenant=tenant), 0
        for place in mentions.of(document_id):
            if deadline.remaining_seconds <= 0:
                break
            removed += self._remove(tenant, place)
            mentions.forget([document_id], place)
        return removed

    def forget_user(self, tenant: str, user: str, conversation: str | None = None) -> int:
        """Remove the answers to a user's questions, or to those of one conversation, and return how many there were."""
        askers, removed = Askers(table=self.table, tenant=tenant), 0
        for item, place in askers.of(user, conversation):
            removed += self._remove(tenant, place)
            askers.forget(user, item)
        return removed

    def _remove(self, tenant: str, place: str) -> bool:
        scope, question, at = place.split("#")
        self.table.delete([(f"{tenant}#questions#{scope}", f"{at}#{question}")])
        return self.table.remove(f"{tenant}#answer#{scope}", question)

    def _questions(self, key: Key) -> list[Row]:
        subject = f"{key.tenant}#questions#{key.scope}"
        return list(self.table.query(subject, limit=MAX_CANDIDATES, newest_first=True))

    def _get(self, tenant: str, scope: str, question: str, epoch: int) -> Kept | None:
        row = self.table.get(f"{tenant}#answer#{scope}", question)
        if row is None or int(row["expires_at"]) <= self.now():
            return None
        kept = msgspec.json.decode(zlib.decompress(_bytes(row["answer"])), type=Kept)
        return kept if kept.epoch == epoch else None


def _bytes(cell: object) -> bytes:
    if not isinstance(cell, bytes):
        raise TypeError("a cell of the cache that holds no bytes")
    return cell
