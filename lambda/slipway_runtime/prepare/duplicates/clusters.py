"""Duplicates within a corpus: one document of each cluster is kept, the first in the order given.

Documents are looked at in that order, and each is compared with kept ones only: it joins a cluster when its similarity
to the *kept* document is verified, never through another duplicate. So a union-find tree has depth one, no chain of
small differences ends far from where it began, and a document's verdict depends on no later document. It is what the
online index does with documents that arrive in this order.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slipway_runtime.prepare.duplicates.bands import bands
from slipway_runtime.prepare.duplicates.minhash import Signatures, estimate, signatures
from slipway_runtime.prepare.duplicates.normal import digest_folded, fold
from slipway_runtime.prepare.duplicates.rare import MAX_OWNERS, Rare
from slipway_runtime.prepare.duplicates.shingles import Hashes, batches, shingles
from slipway_runtime.prepare.duplicates.similarity import THRESHOLD, jaccard

# Four standard errors of the estimate below the threshold: one duplicate in 30,000 is lost by it.
ESTIMATE_MARGIN = 0.2
LOOK_AHEAD = 512
Folded = Callable[[list[int]], list[str]]


@dataclass(frozen=True)
class Duplicate:
    """A document (its place in the order given), which kept document it repeats, and their Jaccard similarity."""

    document: int
    kept: int
    similarity: float


def find_duplicates(texts: Sequence[str], threshold: float = THRESHOLD) -> list[Duplicate]:
    """Return the duplicates among texts, in order; every other text is kept.

    Each found pair has a Jaccard similarity of its shingles of at least `threshold`, or equal text in normal form.
    Units: memory is 370 bytes a document, and 8 bytes a word of the kept documents that share a band.
    """
    equals = Equals()
    rows: list[Signatures] = []
    for batch in batches(texts):
        folded = [fold(texts[index]) for index in batch]
        fresh = [text for index, text in zip(batch, folded, strict=True) if equals.is_first(index, digest_folded(text))]
        rows.append(signatures(fresh))
    if not rows:
        return []

    def folded_texts(places: list[int]) -> list[str]:
        return [fold(texts[place]) for place in places]

    return equals.with_near(near_duplicates(equals.firsts, np.concatenate(rows), folded_texts, threshold))


class Equals:
    """Exact duplicates, by digest. `firsts`: the places of the documents that are the first of their digest."""

    def __init__(self) -> None:
        self.firsts: list[int] = []
        self._places: dict[str, int] = {}
        self._found: list[Duplicate] = []

    def is_first(self, place: int, digest: str) -> bool:
        """Enter a document and return whether no earlier one has its digest."""
        first = self._places.setdefault(digest, place)
        if first == place:
            self.firsts.append(place)
        else:
            self._found.append(Duplicate(place, first, 1.0))
        return first == place

    def with_near(self, near: Sequence[Duplicate]) -> list[Duplicate]:
        """Return exact and near duplicates in order."""
        # The first of equal texts may itself repeat another document: its copies repeat that one too.
        of = {duplicate.document: duplicate for duplicate in near}
        exact = [
            Duplicate(each.document, of[each.kept].kept, of[each.kept].similarity) if each.kept in of else each
            for each in self._found
        ]
        return sorted([*near, *exact], key=lambda duplicate: duplicate.document)


def near_duplicates(places: Sequence[int], rows: Signatures, folded: Folded, threshold: float) -> list[Duplicate]:
    """Return the near-duplicates among documents that differ in normal form.

    `rows`: the signature of each. `folded` returns texts in normal form by place; only those are asked for that share a
    band with another document, some hundreds at a time.
    """
    return list(_Search(places, rows, folded, threshold).run())


class _Search:
    """Near-duplicates among documents that differ in normal form."""

    def __init__(self, places: Sequence[int], rows: Signatures, folded: Folded, threshold: float) -> None:
        self._places, self._rows, self._folded, self._threshold = places, rows, folded, threshold
        self._owners: dict[int, list[int]] = defaultdict(list)
        self._sets: dict[int, Hashes] = {}
        self._rare = Rare()

    def run(self) -> Iterator[Duplicate]:
        """Yield the duplicates in order."""
        hashes = bands(self._rows)
        shared = shared_bands(hashes) & (self._rows != self._rows.dtype.type(0xFFFFFFFF)).any(axis=1)[:, None]
        suspects = np.flatnonzero(shared.any(axis=1))
        for begin in range(0, len(suspects), LOOK_AHEAD):
            ahead = suspects[begin : begin + LOOK_AHEAD]
            sets = self._shingle_sets(ahead)
            for place, row in enumerate(ahead.tolist()):
                mine = hashes[row][shared[row]].tolist()
                if found := self._kept_like(row, mine, sets[place]):
                    yield Duplicate(self._places[row], self._places[found[0]], found[1])
                else:
                    self._keep(row, mine, sets[place])

    def _keep(self, row: int, mine: list[int], own_set: Hashes) -> None:
        self._sets[row] = own_set
        for band in mine:
            owners = self._owners[band]
            if len(owners) < MAX_OWNERS:
                owners.append(row)
            else:  # it is of a template, so those who share it are told apart by what is not
                for each in (*owners, row):
                    self._rare.add(each, self._sets[each])

    def _kept_like(self, row: int, mine: list[int], own_set: Hashes) -> tuple[int, float] | None:
        """Return the most similar kept document that reaches the threshold, of equals the first."""
        owners = [self._owners.get(band, ()) for band in mine]
        found = {owner for those in owners for owner in those}
        if any(len(those) == MAX_OWNERS for those in owners):
            found.update(self._rare.like(own_set))
        candidates = sorted(found)
        if not candidates:
            return None
        likely = estimate(self._rows[row], self._rows[candidates]) >= self._threshold - ESTIMATE_MARGIN
        best: tuple[int, float] | None = None
        for candidate in np.array(candidates)[likely].tolist():
            similarity = jaccard(own_set, self._sets[candidate])
            if similarity >= self._threshold and (best is None or similarity > best[1]):
                best = candidate, similarity
        return best

    def _shingle_sets(self, rows: NDArray[np.int64]) -> list[Hashes]:
        """Shingles are made again for the few that need them: to keep all would take 8 bytes a word of the corpus."""
        folded = self._folded([self._places[row] for row in rows.tolist()])
        found = [(shingles(folded[batch.start : batch.stop]), len(batch)) for batch in batches(folded)]
        return [several.of(document) for several, number in found for document in range(number)]


def shared_bands(hashes: Hashes) -> NDArray[np.bool_]:
    """Return where another document has the same hash in the same column."""
    shared = np.zeros(hashes.shape, np.bool_)
    for column in range(hashes.shape[1]):
        order = np.argsort(hashes[:, column])
        ordered = hashes[order, column]
        equal = np.zeros(len(ordered) + 1, np.bool_)
        equal[1:-1] = ordered[1:] == ordered[:-1]
        shared[order, column] = equal[1:] | equal[:-1]
    return shared


def cluster_sizes(duplicates: Sequence[Duplicate]) -> dict[int, int]:
    """Return how many documents each cluster has, its kept one among them, by the kept one."""
    return {kept: number + 1 for kept, number in Counter(each.kept for each in duplicates).items()}
