"""The second half of a run over a corpus: what is published of each part, and the report of the books.

Layout of the curated bucket, made for the catalogue: one line of JSON for each document in
`corpus/source=<tenant>/date=<date>/run=<run>/`, each reject in `corpus-rejects/date=<date>/run=<run>/`, each duplicate
in `corpus-duplicates/date=<date>/run=<run>/`, and the run's books and report in `corpus-runs/<run>/`.
"""

import re
from collections import defaultdict
from datetime import date

import msgspec

from slipway_runtime.corpus.books import Report, SourceBooks, add_up
from slipway_runtime.corpus.compare import Comparison, repeats_of, verdict_key
from slipway_runtime.corpus.listing import take
from slipway_runtime.corpus.part import Index, Staged
from slipway_runtime.corpus.storage import Storage

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def _is_day(given: str) -> bool:
    """Return whether it is a day in the one form that names partitions, of the several that ISO 8601 has."""
    try:
        return date.fromisoformat(given).isoformat() == given
    except ValueError:
        return False


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run by its id and its day (ISO 8601), which is a partition of what it writes.

    Raises: ValueError for an id that is not 1 to 64 letters, digits, "_" or "-", or a day that is none.
    """

    run_id: str
    date: str

    def __post_init__(self) -> None:
        if not _is_day(self.date):
            raise ValueError(f"Invalid date {self.date!r}: expected a day like 2026-11-21")
        if not RUN_ID.fullmatch(self.run_id):
            raise ValueError(f"the run id {self.run_id!r} is not 1 to 64 letters, digits, '_' or '-'")

    def staged(self, storage: Storage) -> Staged:
        """Return the staged parts of the run."""
        return Staged(storage=storage, run_id=self.run_id)

    def take(self, raw: Storage, storage: Storage, prefix: str = "") -> list[str]:
        """Return the keys that the run goes over, which are listed once."""
        return take(raw, storage, self.run_id, prefix)

    def publish(self, storage: Storage, part: str) -> SourceBooks:
        """Write the lines of a part without the duplicates, its rejects, its duplicates and its books."""
        staged = self.staged(storage)
        index = staged.index(part)
        lines = staged.lines(index)
        repeats = repeats_of(staged, part)
        repeated = {repeat.key for repeat in repeats}
        written = defaultdict[str, list[tuple[str, bytes]]](list)
        for entry in index.kept:
            if entry.key not in repeated:
                line = lines[entry.begin : entry.end]
                written[f"corpus/source={entry.tenant}"].append((entry.document_id, line))
        written["corpus-rejects"] = [(one.document_id, one.encoded()) for one in (*index.rejects, *index.records)]
        written["corpus-duplicates"] = [(repeat.document_id, repeat.line()) for repeat in repeats]
        for folder, those in written.items():
            if those:
                ids, data = zip(*those, strict=True)
                storage.write_lines(f"{folder}/date={self.date}/run={self.run_id}/{part}.jsonl", data, ids)
        return self._enter(storage, part, index, repeated)

    def _enter(self, storage: Storage, part: str, index: Index, repeated: set[str]) -> SourceBooks:
        books = SourceBooks()
        for entry in index.kept:
            books.keep(entry, is_duplicate=entry.key in repeated)
        for reject in index.rejects:
            books.reject(reject)
        storage.write(f"corpus-runs/{self.run_id}/books/{part}.json", books.encode())
        return books

    def close(self, storage: Storage) -> Report:
        """Add up the books of the parts, write the report, remove what was staged, and return the report.

        Raises: UnbalancedError if not every document is accounted for once.
        """
        report = add_up(storage, self.run_id, self.date, self._comparison(storage))
        storage.write(f"corpus-runs/{self.run_id}/report.json", msgspec.json.encode(report, order="sorted"))
        storage.remove(self.staged(storage).folder)
        return report

    def _comparison(self, storage: Storage) -> Comparison:
        found = storage.read(verdict_key(self.run_id), max_bytes=1 << 30)
        return msgspec.json.decode(found.data, type=Comparison) if found else Comparison()
