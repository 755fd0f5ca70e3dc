"""A run over a corpus: where its output goes, how parts of it are written, and the report of its books.

Layout of the curated bucket, made for the catalogue: one line of JSON for each document in
`corpus/source=<tenant>/date=<date>/run=<run>/`, each reject in `corpus-rejects/date=<date>/run=<run>/`, and the run's
books and report in `corpus-runs/<run>/`.
A part's names depend on the run and the part alone, so that doing a part again replaces what it wrote.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec

from slipway_runtime.corpus.outcome import DUPLICATE, Outcome
from slipway_runtime.corpus.storage import Storage
from slipway_runtime.prepare.rules.base import Books

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run by its id and its day (ISO 8601), which is a partition of what it writes.

    Raises: ValueError for an id that is not 1 to 80 letters, digits, "_" or "-", or a day that is none.
    """

    run_id: str
    date: str

    def __post_init__(self) -> None:
        date.fromisoformat(self.date)
        if not RUN_ID.fullmatch(self.run_id):
            raise ValueError(f"the run id {self.run_id!r} is not 1 to 80 letters, digits, '_' or '-'")

    def write(self, storage: Storage, part: str, found: Iterable[Outcome]) -> Books:
        """Write the lines of a part, by source, its rejects and its books, which are returned."""
        books, lines = Books(), defaultdict[str, list[bytes]](list)
        for one in found:
            _enter(books, one)
            if not one.code:
                lines[f"corpus/source={one.tenant}/date={self.date}/run={self.run_id}/{part}.jsonl"].append(one.line)
            elif one.code != DUPLICATE:
                lines[f"corpus-rejects/date={self.date}/run={self.run_id}/{part}.jsonl"].append(one.line)
        for key, written in lines.items():
            storage.write(key, b"".join(written))
        storage.write(f"corpus-runs/{self.run_id}/books/{part}.json", msgspec.json.encode(books, order="sorted"))
        return books

    def close(self, storage: Storage) -> dict[str, Any]:
        """Add up the books of the parts, write the report and return it.

        Raises: UnbalancedError if not every document is accounted for once.
        """
        total = Books()
        for key in storage.keys(f"corpus-runs/{self.run_id}/books/"):
            part = storage.read(key, max_bytes=10**7)
            if part is not None:
                total.add(_read_books(part.data))
        report = {
            "run_id": self.run_id,
            "date": self.date,
            "in": total.seen,
            "out": total.kept,
            "duplicates": total.duplicates,
            "rejects": dict(total.rejects),
            "changes": dict(total.changes),
        }
        storage.write(f"corpus-runs/{self.run_id}/report.json", msgspec.json.encode(report, order="sorted"))
        if not total.balanced:
            raise UnbalancedError(f"the books of run {self.run_id} do not balance: {report}")
        return report


class UnbalancedError(Exception):
    """In is not out + rejects + duplicates: a document was lost or counted twice."""


def part_of(keys: Sequence[str]) -> str:
    """Return the name of the part that holds these keys, the same whenever it is done again."""
    return hashlib.sha256("\n".join(keys).encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _read_books(data: bytes) -> Books:
    written = msgspec.json.decode(data)
    counts = {name: Counter(written[name]) for name in ("rejects", "changes")}
    return Books(**{**written, **counts})


def _enter(books: Books, one: Outcome) -> None:
    books.seen += 1
    if not one.code:
        books.kept += 1
        books.changes.update(one.changes)
    elif one.code == DUPLICATE:
        books.duplicates += 1
    else:
        books.rejects[one.code] += 1
