"""The books of a run: what became of its documents, by source. In = out + rejects + duplicates, or the run is wrong.

In is what was listed, but for the objects that are no documents or went before they were read; the rest is counted when
parts are published, so that a part that was lost shows.
"""

from collections import Counter, defaultdict
from typing import Literal

import msgspec

from slipway_runtime.corpus.compare import Comparison, Wait
from slipway_runtime.corpus.outcome import Reject
from slipway_runtime.corpus.part import Entry
from slipway_runtime.corpus.storage import Storage
from slipway_runtime.prepare.rules.base import Books


class SourceReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a source's objects. `held`: documents that wait until a person agrees to what `wait` says."""

    seen: int = msgspec.field(name="in")
    out: int = 0
    duplicates: int = 0
    rejects: dict[str, int] = {}
    changes: dict[str, int] = {}
    rules: list[str] = []
    held: int = 0
    wait: Wait | None = None

    @property
    def balanced(self) -> bool:
        """Return whether every object is accounted for once."""
        return self.seen == self.out + self.duplicates + sum(self.rejects.values()) + self.held


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a run; `cause` says what a person has to do where `state` is "held".

    `passed`: of the listed objects those that are no documents, or went before they were read.
    """

    run_id: str
    date: str
    state: Literal["finished", "held"]
    seen: int = msgspec.field(name="in")
    out: int
    duplicates: int
    rejects: dict[str, int]
    held: int
    changes: dict[str, int]
    sources: dict[str, SourceReport]
    listed: int
    passed: int
    cause: str = ""

    @property
    def balanced(self) -> bool:
        """Return whether every listed object is accounted for."""
        return self.listed == self.seen + self.passed


class UnbalancedError(Exception):
    """In is not out + rejects + duplicates: a document was lost or counted twice."""


class SourceBooks:
    """The books of each source."""

    def __init__(self) -> None:
        self.of: dict[str, Books] = defaultdict(Books)
        self.rules: dict[str, set[str]] = defaultdict(set)

    def keep(self, entry: Entry, *, is_duplicate: bool) -> None:
        """Enter a curated document."""
        books = self.of[entry.source]
        books.seen += 1
        self.rules[entry.source].add(entry.rules)
        if is_duplicate:
            books.duplicates += 1
        else:
            books.kept += 1
            books.changes.update(entry.changes)

    def reject(self, reject: Reject) -> None:
        """Enter a reject."""
        self.of[reject.source].seen += 1
        self.of[reject.source].rejects[reject.code] += 1

    def encode(self) -> bytes:
        """Return the books as JSON."""
        return msgspec.json.encode({"of": self.of, "rules": self.rules}, order="sorted")

    def add(self, encoded: bytes) -> None:
        """Add the books of another part."""
        written = msgspec.json.decode(encoded)
        for source, each in written["of"].items():
            counts = {name: Counter(each[name]) for name in ("rejects", "changes")}
            self.of[source].add(Books(**{**each, **counts}))
        for source, rules in written["rules"].items():
            self.rules[source].update(rules)


def add_up(storage: Storage, run_id: str, date: str, comparison: Comparison) -> Report:
    """Return the report of a run. Raises: UnbalancedError."""
    books = SourceBooks()
    for key in storage.keys(f"corpus-runs/{run_id}/books/"):
        if part := storage.read(key, max_bytes=10**7):
            books.add(part.data)
    names = sorted({*comparison.documents, *comparison.rejects, *books.of})
    sources = {name: _source(name, comparison, books) for name in names}
    report = _total(run_id, date, sources, comparison)
    unbalanced = {name: source for name, source in sources.items() if not source.balanced}
    if unbalanced or not report.balanced:
        wrong = unbalanced or f"listed {report.listed}, in {report.seen}, passed {report.passed}"
        raise UnbalancedError(f"the books of run {run_id} do not balance: {wrong}")
    return report


def _source(name: str, comparison: Comparison, books: SourceBooks) -> SourceReport:
    rejects = comparison.rejects.get(name, {})
    documents = comparison.documents.get(name, 0)
    seen = documents + sum(rejects.values())
    if comparison.held:
        return SourceReport(seen=seen, rejects=rejects, held=documents, wait=comparison.held.get(name))
    found = books.of[name]
    return SourceReport(
        seen=seen,
        out=found.kept,
        duplicates=found.duplicates,
        rejects=dict(found.rejects),
        changes=dict(sorted(found.changes.items())),
        rules=sorted(books.rules[name]),
    )


def _total(run_id: str, date: str, sources: dict[str, SourceReport], comparison: Comparison) -> Report:
    rejects, changes = Counter[str](), Counter[str]()
    for each in sources.values():
        rejects.update(each.rejects)
        changes.update(each.changes)
    return Report(
        run_id=run_id,
        date=date,
        state="held" if comparison.held else "finished",
        seen=sum(each.seen for each in sources.values()),
        out=sum(each.out for each in sources.values()),
        duplicates=sum(each.duplicates for each in sources.values()),
        rejects=dict(sorted(rejects.items())),
        held=sum(each.held for each in sources.values()),
        changes=dict(sorted(changes.items())),
        sources=sources,
        listed=comparison.listed,
        passed=comparison.passed,
        cause=_cause(run_id, comparison),
    )


def _cause(run_id: str, comparison: Comparison) -> str:
    reasons = [f"{name}: {wait.reason}." for name, wait in sorted(comparison.held.items())]
    if not reasons:
        return ""
    where = f"corpus-runs/{run_id}/duplicates.jsonl in the curated bucket"
    return f"{' '.join(reasons)} No source was published. The list: {where}. Separate acknowledgements by commas."
