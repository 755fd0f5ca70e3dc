"""Candidates among documents of one template: those that share what few documents have.

Where most of a text is a form, unlike documents agree in most bands, and a band no longer tells who repeats whom. The
shingles that the form does not bring still do: of two documents that are more alike than the form makes them, some
are shared. Shingles that MAX_OWNERS documents have are taken for the form's.
Source: Chaudhuri, Ganti, Kaushik, "A Primitive Operator for Similarity Joins in Data Cleaning" (2006): a pair above a
threshold shares one of its rarest elements.
"""

from collections import Counter, defaultdict

import numpy as np

from slipway_runtime.prepare.duplicates.shingles import Hashes

MAX_OWNERS = 16
# Every second shingle, by its hash: a pair that shares 8 of the rare ones is missed in one case of 256.
SAMPLED = np.uint64(1)


class Rare:
    """Documents by their shingles. Units: memory is some 60 bytes a rare word."""

    def __init__(self) -> None:
        self._owners: dict[int, list[int]] = defaultdict(list)
        self._rows: set[int] = set()

    def add(self, row: int, shingles: Hashes) -> None:
        """Enter a document; again changes nothing."""
        if row in self._rows:
            return
        self._rows.add(row)
        for shingle in _sampled(shingles):
            owners = self._owners[shingle]
            if len(owners) < MAX_OWNERS:
                owners.append(row)

    def like(self, shingles: Hashes) -> list[int]:
        """Return the documents that share most of the rare shingles, MAX_OWNERS at most."""
        found: Counter[int] = Counter()
        for shingle in _sampled(shingles):
            owners = self._owners.get(shingle, ())
            if len(owners) < MAX_OWNERS:
                found.update(owners)
        return [row for row, _ in found.most_common(MAX_OWNERS)]


def _sampled(shingles: Hashes) -> list[int]:
    sampled: list[int] = shingles[(shingles & SAMPLED) == 0].tolist()
    return sampled
