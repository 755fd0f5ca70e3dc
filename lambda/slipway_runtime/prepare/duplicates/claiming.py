"""One attempt to claim a document's place among its like: read, decide, write all or nothing."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.duplicates.clusters import ESTIMATE_MARGIN, MAX_OWNERS
from slipway_runtime.prepare.duplicates.entries import Document, Entry, Fingerprint, Key, Scope, entry_of
from slipway_runtime.prepare.duplicates.minhash import estimate, from_bytes
from slipway_runtime.prepare.duplicates.similarity import jaccard, shingle_set
from slipway_runtime.prepare.duplicates.table import Table

MAX_CANDIDATES = 50
UNCHANGED = "sequencer = :sequencer AND digest = :digest AND kept_id = :kept_id"
ABSENT = "attribute_not_exists(subject)"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The document is the first of its kind. `orphans`: ids of documents that repeated an earlier text of it."""

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
    threshold: float


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
        )

    def run(self) -> Claim:
        """Return what became of the document."""
        own_key = self._scope.document(self._new.document_id)
        mine = [self._scope.band(band) for band in self._new.bands]
        read = self._table.read([own_key, *mine], self._deadline)
        own = entry_of(read.pop(own_key, None))
        if own and own.sequencer > self._new.sequencer:
            return Stale()
        if own and not own.kept_id:
            read |= self._table.read((self._scope.band(band) for band in own.bands), self._deadline)
        kept = self._repeated(own, Counter(owner for key in mine for owner in owners(read.get(key))))
        entry = self._new
        if kept:
            original, similarity = kept
            link = {"kept_id": original.document_id, "kept_digest": original.digest, "similarity": similarity}
            entry = msgspec.structs.replace(entry, **link)
        if entry != own or not kept:
            self._write(own, entry, read, kept[0] if kept else None)
        if kept:
            return DuplicateOf(
                document_id=kept[0].document_id, similarity=kept[1], orphans=self._orphans(own, keeps="")
            )
        return Kept(orphans=self._orphans(own, keeps=entry.digest))

    def _repeated(self, own: Entry | None, seen: Counter[str]) -> tuple[Entry, float] | None:
        """Return the kept document that this one repeats; a verdict on the same text stands while its grounds do."""
        if own and own.digest == self._new.digest:
            if not own.kept_id:
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
            if similarity >= self._of.threshold and (best is None or similarity > best[1]):
                best = candidate, similarity
        return best

    def _is_likely(self, candidate: Entry) -> bool:
        if not candidate.signature or not self._new.signature:
            return False
        similarity = estimate(from_bytes(self._new.signature), from_bytes(candidate.signature)[None, :])[0]
        return bool(similarity >= self._of.threshold - ESTIMATE_MARGIN)

    def _entries(self, ids: list[str]) -> dict[str, Entry]:
        read = self._table.read((self._scope.document(each) for each in ids), self._deadline)
        return {entry.document_id: entry for item in read.values() if (entry := entry_of(item))}

    def _orphans(self, own: Entry | None, *, keeps: str) -> tuple[str, ...]:
        """Return who repeats a text that this document no longer keeps."""
        if own is None:
            return ()
        return tuple(each for each, of in self._table.edges(self._scope, own.document_id) if of != keeps)

    def _write(self, own: Entry | None, entry: Entry, read: dict[Key, dict[str, Any]], kept: Entry | None) -> None:
        table, scope = self._table, self._scope
        writes = ownership(table, scope, read, own, None if kept else entry)
        if entry != own:
            item = scope.item(scope.document(entry.document_id), **msgspec.structs.asdict(entry))
            writes.append(table.put(item, UNCHANGED, **state(own)) if own else table.put(item, ABSENT))
        elif writes and own:
            writes.append(table.check(scope.document(own.document_id), UNCHANGED, **state(own)))
        if own and own.kept_id and own.kept_id != entry.kept_id:
            writes.append(table.delete(scope.edge(own)))
        if kept:
            writes.append(table.check(scope.document(kept.document_id), UNCHANGED, **state(kept)))
            writes.append(table.put(scope.item(scope.edge(entry), kept_digest=entry.kept_digest)))
        if writes:
            table.write(writes)


def ownership(
    table: Table, scope: Scope, read: dict[Key, dict[str, Any]], old: Entry | None, new: Entry | None
) -> list[dict[str, Any]]:
    """Return the writes by which a document's bands go from its old state to its new one; a duplicate owns none."""
    had = old.bands if old and not old.kept_id else []
    writes = []
    for band in dict.fromkeys([*had, *(new.bands if new else [])]):
        key = scope.band(band)
        seen = owners(read.get(key))
        after = _owners_after(seen, old, new if new and band in new.bands else None)
        if after == seen:
            continue
        condition = "owners = :seen" if seen else ABSENT
        values = {"seen": {"L": [{"S": owner} for owner in seen]}} if seen else {}
        writes.append(
            table.put(scope.item(key, owners=after), condition, **values)
            if after
            else table.delete(key, condition, **values)
        )
    return writes


def _owners_after(seen: list[str], old: Entry | None, new: Entry | None) -> list[str]:
    after = [owner for owner in seen if old is None or owner != old.owner or (new and new.owner == owner)]
    if new and new.owner not in after and len(after) < MAX_OWNERS:
        after.append(new.owner)
    return after


def owners(band: dict[str, Any] | None) -> list[str]:
    """Return the kept documents that share a band, "<document id>@<digest>"."""
    return [owner["S"] for owner in band["owners"]["L"]] if band else []


def state(entry: Entry) -> dict[str, dict[str, Any]]:
    """Return the values of the condition UNCHANGED."""
    return {name: {"S": getattr(entry, name)} for name in ("sequencer", "digest", "kept_id")}
