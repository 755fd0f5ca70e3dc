"""Between the halves of a run: documents of each source are compared, whichever parts they are in.

Of documents that repeat each other the one that was put first is kept; of those put in the same second, the first by
key, so that every engine and every repetition keeps the same. The document path keeps the one that it handled first,
and compares within the tenant: docs/corpus.md, "Where a run differs from the document path".
"""

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import numpy as np

from slipway_runtime.corpus.listing import check
from slipway_runtime.corpus.part import Entry, Staged
from slipway_runtime.prepare.curate import read_line
from slipway_runtime.prepare.duplicates.clusters import Duplicate, Equals, near_duplicates
from slipway_runtime.prepare.duplicates.guard import Held, guard
from slipway_runtime.prepare.duplicates.minhash import from_bytes
from slipway_runtime.prepare.duplicates.normal import fold
from slipway_runtime.prepare.duplicates.settings import NearDuplicates, SourceNearDuplicates

READERS = 16  # texts are read at the same time: most of it is waiting


class Repeat(msgspec.Struct, frozen=True, kw_only=True):
    """A duplicate as the curated bucket holds it: `kept_id` is of the document that it repeats."""

    key: str
    document_id: str
    source: str
    kept_key: str
    kept_id: str
    kind: str
    similarity: float

    def line(self) -> bytes:
        """Return the duplicate as one line of canonical JSON."""
        return msgspec.json.encode(self, order="sorted") + b"\n"


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict, and what was staged by source: documents, and rejects by code.

    `listed`: the objects that the run goes over.   `passed`: those of them that are no documents, or went before they
    were read.   `held` says by source why a person has to agree, and then nothing may be published.
    """

    documents: dict[str, int] = {}
    rejects: dict[str, dict[str, int]] = {}
    held: dict[str, "Wait"] = {}
    listed: int = 0
    passed: int = 0


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """Why a source waits for a person, and what that person says to agree."""

    reason: str
    acknowledgement: str


@dataclass(frozen=True, kw_only=True)
class Compare:
    """What compares, by the settings of each source. `acknowledged`: what people read in the reports of held runs."""

    settings: SourceNearDuplicates
    acknowledged: frozenset[str] = frozenset()

    def run(self, staged: Staged) -> Comparison:
        """Compare the staged documents, write each part's duplicates, and return the verdict, which is written too.

        Raises: LostError if what was staged is not what was listed.
        """
        found = _Found(staged)
        listed = check(staged.storage, staged.run_id, found.keys)
        held: dict[str, Wait] = {}
        repeats: dict[str, list[Repeat]] = defaultdict(list)
        for source, documents in sorted(found.documents.items()):
            _, settings = self.settings.of(documents[0].entry.key)
            if not settings.enabled:
                continue
            duplicates = _duplicates(staged, documents, settings.threshold)
            if wait := self._wait(duplicates, len(documents), settings):
                held[source] = wait
            for each in duplicates:
                repeats[documents[each.document].part].append(_repeat(documents, each))
        for part, those in repeats.items():
            staged.storage.write(f"{staged.folder}duplicates/{part}", msgspec.msgpack.encode(those))
        if held:  # for the people who are asked
            waiting = [each.line() for those in repeats.values() for each in those if each.source in held]
            staged.storage.write(f"corpus-runs/{staged.run_id}/duplicates.jsonl", b"".join(sorted(waiting)))
        comparison = Comparison(
            documents={source: len(documents) for source, documents in found.documents.items()},
            rejects=found.rejects,
            held=held,
            listed=listed,
            passed=found.passed,
        )
        staged.storage.write(verdict_key(staged.run_id), msgspec.json.encode(comparison, order="sorted"))
        return comparison

    def _wait(self, duplicates: list[Duplicate], documents: int, settings: NearDuplicates) -> Wait | None:
        if documents < settings.min_documents:
            return None
        verdict = guard(duplicates, documents, max_share=settings.max_lost_share)
        if not isinstance(verdict, Held) or verdict.acknowledgement in self.acknowledged:
            return None
        return Wait(reason=verdict.reason, acknowledgement=verdict.acknowledgement)


class Located(NamedTuple):
    """A staged document."""

    part: str
    lines: str
    entry: Entry


class _Found:
    """The staged documents by source, those put first first, and the number of rejects by source and code."""

    def __init__(self, staged: Staged) -> None:
        self.documents: dict[str, list[Located]] = defaultdict(list)
        self.rejects: dict[str, dict[str, int]] = defaultdict(Counter)
        self.keys: list[str] = []
        self.passed = 0
        parts = staged.parts()
        with ThreadPoolExecutor(READERS) as readers:
            for part, index in zip(parts, readers.map(staged.index, parts), strict=True):
                self.keys.extend(index.keys())
                self.passed += len(index.passed)
                for entry in index.kept:
                    self.documents[entry.source].append(Located(part, index.lines, entry))
                for reject in index.rejects:
                    self.rejects[reject.source][reject.code] += 1
        for documents in self.documents.values():
            documents.sort(key=lambda one: (one.entry.modified, one.entry.key))


def _duplicates(staged: Staged, documents: list[Located], threshold: float) -> list[Duplicate]:
    equals = Equals()
    for place, one in enumerate(documents):
        equals.is_first(place, one.entry.digest)
    rows = np.stack([from_bytes(documents[place].entry.signature) for place in equals.firsts])

    def folded(place: int) -> str:
        one = documents[place]
        return fold(read_line(staged.line(one.lines, one.entry)).text)

    with ThreadPoolExecutor(READERS) as readers:
        near = near_duplicates(equals.firsts, rows, lambda places: list(readers.map(folded, places)), threshold)
    return equals.with_near(near)


def verdict_key(run_id: str) -> str:
    """Return where the verdict of a run is."""
    return f"corpus-runs/{run_id}/comparison.json"


def repeats_of(staged: Staged, part: str) -> list[Repeat]:
    """Return the duplicates of a part."""
    found = staged.storage.read(f"{staged.folder}duplicates/{part}", max_bytes=1 << 40)
    return msgspec.msgpack.decode(found.data, type=list[Repeat]) if found else []


def _repeat(documents: list[Located], each: Duplicate) -> Repeat:
    entry, kept = documents[each.document].entry, documents[each.kept].entry
    return Repeat(
        key=entry.key,
        document_id=entry.document_id,
        source=entry.source,
        kept_key=kept.key,
        kept_id=kept.document_id,
        kind="exact" if entry.digest == kept.digest else "near",
        similarity=round(each.similarity, 4),
    )
