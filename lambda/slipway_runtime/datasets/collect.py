"""The middle step of a build, once for each shard: makes examples, and drops those that evaluation sets hold."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from slipway_runtime.datasets.bucket import Bucket
from slipway_runtime.datasets.contamination import ContaminationIndex
from slipway_runtime.datasets.example import Example
from slipway_runtime.datasets.formats import check_kind
from slipway_runtime.datasets.recipe import Recipe
from slipway_runtime.datasets.refused import Code, Refused, Reject
from slipway_runtime.datasets.sources import from_curated, read_source
from slipway_runtime.datasets.work import Books, Shard, Source, SourceDocument, Work
from slipway_runtime.operate.curated import Curated, object_key
from slipway_runtime.operate.lineage import Lineage
from slipway_runtime.operate.record import Record

# Held at once, some hundred megabytes of a shard at most.
EXAMPLES_AT_ONCE = 5_000


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What a line of a source was made into, and where the line is; `line` 0 where the object is one document."""

    source: str
    line: int
    made: Example | Refused
    documents: list[SourceDocument] = field(default_factory=list)


@dataclass(kw_only=True)
class Collector:
    """Collects one shard. `lines_of`: the bucket that a kind of source is in."""

    recipe: Recipe
    index: ContaminationIndex
    lineage: Lineage
    curated: Curated
    lines_of: dict[Source, Bucket]
    _examples: list[bytes] = field(default_factory=list, init=False)
    _rejects: list[bytes] = field(default_factory=list, init=False)
    _seen: int = field(default=0, init=False)
    _codes: Counter[str] = field(default_factory=Counter, init=False)
    _contaminated: Counter[str] = field(default_factory=Counter, init=False)
    _documents: set[SourceDocument] = field(default_factory=set, init=False)
    _records: dict[str, Record | None] = field(default_factory=dict, init=False)

    def collect(self, shard: Shard, work: Work) -> Books:
        """Write the examples, rejects and books of a shard, and return the books; once for each collector."""
        batch: list[Candidate] = []
        for candidate in self._candidates(shard):
            batch.append(candidate)
            if len(batch) == EXAMPLES_AT_ONCE:
                self._judge(batch)
                batch = []
        self._judge(batch)
        books = Books(
            seen=self._seen,
            kept=len(self._examples),
            rejects=dict(self._codes),
            contaminated=dict(self._contaminated),
            documents=sorted(self._documents),
        )
        work.bucket.write(work.key(f"{shard.number}/examples.jsonl"), b"".join(self._examples))
        work.bucket.write(work.key(f"{shard.number}/rejects.jsonl"), b"".join(self._rejects))
        work.write(f"{shard.number}/books.json", books)
        return books

    def _candidates(self, shard: Shard) -> Iterator[Candidate]:
        for tenant, document_id in shard.documents:
            key = object_key(tenant, document_id)
            document = self.curated.get(tenant, document_id)
            if document is None:
                yield Candidate(source=key, line=0, made=Refused("gone", "deleted or curated anew since; build again"))
            else:
                yield Candidate(source=key, line=0, made=from_curated(document))
        for key in shard.keys:
            for number, line in enumerate(self.lines_of[shard.source].lines(key), 1):
                if line.strip():
                    made = read_source(shard.source, line, self.recipe.min_rating)
                    yield Candidate(source=key, line=number, made=made)

    def _judge(self, batch: list[Candidate]) -> None:
        self._seen += len(batch)
        good: list[tuple[Candidate, Example]] = []
        for candidate in batch:
            try:
                good.append((candidate, self._checked(candidate.made)))
            except Refused as refused:
                self._refuse(candidate, refused.code, refused.reason)
        overlaps = self.index.overlaps([example.texts() for _, example in good])
        for (candidate, example), overlap in zip(good, overlaps, strict=True):
            if overlap is None:
                self._examples.append(example.line())
                self._documents |= set(self._sources(example))
                continue
            self._contaminated[overlap.evaluation_set] += 1
            where = f"item in line {overlap.line} of {overlap.evaluation_set}"
            self._refuse(candidate, "contaminated", f"shares {overlap.words} words or more with the {where}")

    def _checked(self, made: Example | Refused) -> Example:
        if isinstance(made, Refused):
            raise made
        check_kind(made, self.recipe.kind)
        for document in made.documents:
            record = self._record(document)
            if record and record.status == "deleted":
                raise Refused("document_deleted", f"{document} was deleted; what was made of it must not be learnt")
        return made

    def _refuse(self, candidate: Candidate, code: Code, reason: str) -> None:
        example = candidate.made if isinstance(candidate.made, Example) else None
        reject = Reject(
            source=candidate.source,
            line=candidate.line,
            code=code,
            reason=reason,
            documents=example.documents if example else [],
            example_id=example.example_id if example else "",
        )
        self._rejects.append(reject.json_line())
        self._codes[code] += 1

    def _sources(self, example: Example) -> Iterator[SourceDocument]:
        for document, version, rules in zip(example.documents, example.source_versions, example.rules, strict=True):
            found = SourceDocument(document_id=document, source_version=version, rules=rules)
            record = self._record(document)
            if record and record.version_id == version:
                named = {"tenant": record.tenant, "path": record.path, "sha256": record.sha256}
                found = msgspec.structs.replace(found, **named)
            yield found

    def _record(self, document_id: str) -> Record | None:
        if document_id not in self._records:
            self._records[document_id] = self.lineage.current(document_id)
        return self._records[document_id]
