"""Hashes of word n-grams, and of whole short texts, for many texts at once.

Words are those of near-duplicates: without case, punctuation and differences of white space.
"""

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slipway_runtime.prepare.duplicates.shingles import Hashes, mix, words

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """Hashes, and for each the place of its text among those given."""

    hashes: Hashes
    texts: Places


class Words:
    """The words of texts in normal form (`normal.fold`), a few megabytes of them at most."""

    def __init__(self, folded: Sequence[str]) -> None:
        joined = "\n".join(folded) + "\n"
        self._firsts = np.zeros(len(folded) + 1, np.int64)
        np.cumsum([len(text) + 1 for text in folded], out=self._firsts[1:])
        self._starts, self._hashes = words(joined)
        self._bounds = np.searchsorted(self._starts, self._firsts)
        self._joined = joined

    @property
    def counts(self) -> Places:
        """Return the number of words of each text."""
        return np.diff(self._bounds)

    def ngrams(self, width: int) -> Found:
        """Return every n-gram of `width` words; none spans two texts."""
        if len(self._hashes) < width:
            return Found(np.empty(0, np.uint64), np.empty(0, np.int64))
        texts = np.repeat(np.arange(len(self.counts)), self.counts)
        whole = texts[: len(texts) - width + 1] == texts[width - 1 :]
        return Found(mix(_rolled(self._hashes, width)[whole]), texts[: len(whole)][whole])

    def wholes(self, fewest: int, width: int, *, lines: bool) -> Found:
        """Return a hash of each text of at least `fewest` and fewer than `width` words; with `lines`, of lines too."""
        bounds = [self._bounds]
        if lines:
            ends = np.flatnonzero(np.frombuffer(self._joined.encode("utf-32-le", "surrogatepass"), "<u4") == ord("\n"))
            bounds.append(np.searchsorted(self._starts, np.concatenate(([0], ends + 1))))
        found = [self._segments(each, fewest, width) for each in bounds]
        return Found(np.concatenate([each.hashes for each in found]), np.concatenate([each.texts for each in found]))

    def _segments(self, bounds: Places, fewest: int, width: int) -> Found:
        counts, firsts = np.diff(bounds), bounds[:-1]
        fits = (counts >= fewest) & (counts < width)
        counts, firsts = counts[fits], firsts[fits]
        padded = np.concatenate((self._hashes, np.zeros(width, np.uint64)))
        sums = counts.astype(np.uint64)
        for place in range(width - 1):
            sums += np.where(place < counts, padded[firsts + place] * _factors(width)[place], np.uint64(0))
        return Found(mix(sums), np.searchsorted(self._bounds, firsts, side="right") - 1)


def _rolled(hashes: Hashes, width: int) -> Hashes:
    """Return a sum over each window of `width` hashes, put together from windows of 1, 2, 4 … of them."""
    last = len(hashes) - width + 1
    part, size, done = hashes, 1, 0
    sums = np.zeros(last, np.uint64)
    for factor in _factors(width):
        if width & size:
            sums *= factor
            sums += part[done : done + last]
            done += size
        if done == width:
            break
        part = part[:-size] * factor + part[size:]
        size *= 2
    return sums


@functools.cache
def _factors(width: int) -> Hashes:
    """Return an odd number for each place in an n-gram."""
    return np.frombuffer(hashlib.shake_256(b"ngram").digest(8 * width), "<u8").astype(np.uint64) | np.uint64(1)
