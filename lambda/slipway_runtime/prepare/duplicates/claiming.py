"""One attempt to claim a document's place among its like: read, decide, write all or nothing."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.duplicates.clusters import ESTIMATE_MARGIN
from slipway_runtime.prepare.duplicates.entries import Document, Entry, Fingerprint, Key, Scope, entry_of
from slipway_runtime.prepare.duplicates.minhash import estimate, from_bytes
from slipway_runtime.prepare.duplicates.settings import NearDuplicates
from slipway_runtime.prepare.duplicates.similarity import jaccard, shingle_set
from slipway_runtime.prepare.duplicates.table import Table
from slipway_runtime.prepare.duplicates.tally import ASKED, YES, HeldBack, Tally, guard_key, tally_keys
from slipway_runtime.prepare.duplicates.writes import ABSENT, UNCHANGED, accounting, owners, ownership, state

MAX_CANDIDATES = 50


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The document is the first of its kind, or `held` says what it repeats and why it is kept all the same.

    `orphans`: ids of documents that repeated an earlier text of it.
    """

    held: HeldBack | None = None
    orphans: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DuplicateOf:
    """The document repeats a kept one. `similarity`: Jaccard, 1 for equal text in normal form."""

    document_id: str
    similarity: float
    orphans: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Stale:
    """A newer version of the document was claimed before; nothing was changed."""


Claim = Kept | DuplicateOf | Stale


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What is compared with what, and how."""

    document: Document
    fingerprint: Fingerprint
    scope: Scope
    curated_text: Callable[[str, str], str | None]
    settings: NearDuplicates


class Claiming:
    """Raises: Conflict where another writer was faster; then nothing was written."""

    def __init__(self, table: Table, comparison: Comparison, deadline: Deadline) -> None:
        self._table, self._of, self._deadline = table, comparison, deadline
        self._scope, fingerprint = comparison.scope, comparison.fingerprint
        self._new = Entry(
            document_id=comparison.document.document_id,
            sequencer=comparison.document.sequencer,
            digest=fingerprint.digest,
            signature=fingerprint.signature,
            bands=fingerprint.bands,
            source=comparison.document.source,
        )

    def run(self) -> Claim:
        """Return what became of the document."""
        own_key = self._scope.document(self._new.document_id)
        mine = [self._scope.band(band) for band in self._new.bands]
        source = self._new.source
        read = self._table.read([own_key, *mine, *tally_keys(source), guard_key(source)], self._deadline)
        own = entry_of(read.pop(own_key, None))
        if own and own.sequencer > self._new.sequencer:
            return Stale()
        if own and not own.kept_id:
            read |= self._table.read((self._scope.band(band) for band in own.bands), self._deadline)
        kept = self._repeated(own, Counter(owner for key in mine for owner in owners(read.get(key))))
        tally, held, entry = Tally.of(source, read), None, self._new
        if kept and not (own and own.kept_id):
            held = tally.holds(own, *kept, self._of.settings)
        if kept and held:
            entry = msgspec.structs.replace(entry, held_id=kept[0].document_id, similarity=kept[1])
            kept = None
        elif kept:
            original, similarity = kept
            link = {"kept_id": original.document_id, "kept_digest": original.digest, "similarity": similarity}
            entry = msgspec.structs.replace(entry, **link)
        if entry != own or not kept:
            self._write(own, entry, read, kept[0] if kept else None, tally)
        if kept:
            return DuplicateOf(
                document_id=kept[0].document_id, similarity=kept[1], orphans=self._orphans(own, keeps="")
            )
        return Kept(held=held, orphans=self._orphans(own, keeps=entry.digest))

    def _repeated(self, own: Entry | None, seen: Counter[str]) -> tuple[Entry, float] | None:
        """Return the kept document that this one repeats; a verdict on the same text stands while its grounds do."""
        if own and own.digest == self._new.digest:
            if not own.kept_id and not own.held_id:
                return None
            kept = self._entries([own.kept_id]).get(own.kept_id)
            if kept and not kept.kept_id and kept.digest == own.kept_digest:
                return kept, own.similarity
        return self._most_similar(seen)

    def _most_similar(self, seen: Counter[str]) -> tuple[Entry, float] | None:
        """Return the most similar kept document that reaches the threshold, of equals the one with the least id."""
        most_bands_first = sorted(seen, key=lambda owner: (-seen[owner], owner))
        ids = dict.fromkeys(owner.partition("@")[0] for owner in most_bands_first)
        ids.pop(self._new.document_id, None)
        candidates = [entry for entry in self._entries(list(ids)[:MAX_CANDIDATES]).values() if not entry.kept_id]
        candidates.sort(key=lambda entry: entry.document_id)
        for candidate in candidates:
            if candidate.digest == self._new.digest:
                return candidate, 1.0
        likely = [candidate for candidate in candidates if self._is_likely(candidate)]
        own_set = shingle_set(self._of.document.text) if likely else None
        best: tuple[Entry, float] | None = None
        for candidate in likely:
            text = self._of.curated_text(self._of.document.tenant, candidate.document_id)
            similarity = jaccard(own_set, shingle_set(text)) if text is not None and own_set is not None else 0.0
            if similarity >= self._of.settings.threshold and (best is None or similarity > best[1]):
                best = candidate, similarity
        return best

    def _is_likely(self, candidate: Entry) -> bool:
        if not candidate.signature or not self._new.signature:
            return False
        similarity = estimate(from_bytes(self._new.signature), from_bytes(candidate.signature)[None, :])[0]
        return bool(similarity >= self._of.settings.threshold - ESTIMATE_MARGIN)

    def _entries(self, ids: list[str]) -> dict[str, Entry]:
        read = self._table.read((self._scope.document(each) for each in ids), self._deadline)
        return {entry.document_id: entry for item in read.values() if (entry := entry_of(item))}

    def _orphans(self, own: Entry | None, *, keeps: str) -> tuple[str, ...]:
        """Return who repeats a text that this document no longer keeps."""
        if own is None:
            return ()
        return tuple(each for each, of in self._table.edges(self._scope, own.document_id) if of != keeps)

    def _write(
        self, own: Entry | None, entry: Entry, read: dict[Key, dict[str, Any]], kept: Entry | None, tally: Tally
    ) -> None:
        table, scope = self._table, self._scope
        writes = ownership(table, scope, read, own, None if kept else entry)
        if entry != own:
            item = scope.item(scope.document(entry.document_id), **msgspec.structs.asdict(entry))
            writes.append(table.put(item, UNCHANGED, **state(own)) if own else table.put(item, ABSENT))
            writes += accounting(table, own, entry)
        elif writes and own:
            writes.append(table.check(scope.document(own.document_id), UNCHANGED, **state(own)))
        if own and own.kept_id and own.kept_id != entry.kept_id:
            writes.append(table.delete(scope.edge(own)))
        if kept:
            writes.append(table.check(scope.document(kept.document_id), UNCHANGED, **state(kept)))
            writes.append(table.put(scope.item(scope.edge(entry), kept_digest=entry.kept_digest)))
        if entry.held_id and entry != own:
            # What a person has agreed to meanwhile is no reason any more to hold it.
            key = guard_key(entry.source)
            writes.append(
                table.check(key, ASKED, **YES) if tally.is_asked else table.update(key, f"SET {ASKED}", **YES)
            )
        if writes:
            table.write(writes)
