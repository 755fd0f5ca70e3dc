"""Texts to hashes of their word 5-grams (shingles), many documents at once and without a Python loop over words.

A word's hash is a polynomial of its code points, read off a running sum; a shingle's is a mix of five of them. The same
text gives the same hashes in any batch, process and machine: sums are modulo 2**64, bytes are little-endian by name.
A document of one to four words has one shingle, all of it; one without words has none.
Source: Broder, "On the resemblance and containment of documents" (1997), for shingles; word 5-grams as in datatrove.
"""

import functools
import hashlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slipway_runtime.prepare.duplicates.characters import kinds

Hashes = NDArray[np.uint64]
WORDS = 5
# What is worked on at once: smaller arrays cost calls, larger ones fall out of the processor's cache.
BLOCK_CHARACTERS = 1 << 16
MULTIPLIER = 0x9E3779B97F4A7C15


@dataclass(frozen=True)
class Shingles:
    """The shingle hashes of documents, one after another; those of document i are at offsets[i]:offsets[i + 1]."""

    hashes: Hashes
    offsets: NDArray[np.int64]

    def of(self, document: int) -> Hashes:
        """Return the set of a document's shingles, sorted."""
        # Not np.unique, which hashes first and takes three times as long.
        found = np.sort(self.hashes[self.offsets[document] : self.offsets[document + 1]])
        first = np.ones(len(found), np.bool_)
        np.not_equal(found[1:], found[:-1], out=first[1:])
        return found[first]


def batches(folded: Sequence[str]) -> Iterator[range]:
    """Yield ranges of consecutive documents of at most BLOCK_CHARACTERS together; a longer one comes alone."""
    first = characters = 0
    for index, text in enumerate(folded):
        if index > first and characters + len(text) >= BLOCK_CHARACTERS:
            yield range(first, index)
            first, characters = index, 0
        characters += len(text) + 1
    if first < len(folded):
        yield range(first, len(folded))


def shingles(folded: Sequence[str]) -> Shingles:
    """Return the shingles of texts in normal form (`normal.fold`): a batch of them, or one of any length.

    Units: memory is about 40 bytes a character of the batch, and 24 bytes a word beyond BLOCK_CHARACTERS.
    """
    joined = "\n".join(folded) + "\n"
    firsts = np.zeros(len(folded) + 1, np.int64)
    np.cumsum([len(text) + 1 for text in folded], out=firsts[1:])
    starts, hashes = words(joined)
    bounds = np.searchsorted(starts, firsts)
    return _windows(hashes, bounds)


def _windows(words: Hashes, bounds: NDArray[np.int64]) -> Shingles:
    """Return the shingles of documents whose words are at bounds[i]:bounds[i + 1]; none spans two documents."""
    counts = np.diff(bounds)
    padded = np.concatenate((words, np.zeros(WORDS, np.uint64)))
    sums = padded[: len(words)] * _factors()[0]
    whole = np.ones(len(words), np.bool_)
    for place in range(1, WORDS):
        sums += padded[place : place + len(words)] * _factors()[place]
        whole[bounds[1:][counts >= place] - place] = False
    short = np.flatnonzero((counts > 0) & (counts < WORDS))
    for document in short:
        first, count = bounds[document], counts[document]
        sums[first] = (words[first : first + count] * _factors()[:count]).sum(dtype=np.uint64)
        whole[first] = True
    numbers = np.maximum(counts - WORDS + 1, counts > 0)
    offsets = np.zeros(len(bounds), np.int64)
    np.cumsum(numbers, out=offsets[1:])
    return Shingles(mix(sums[whole]), offsets)


def words(text: str) -> tuple[NDArray[np.int64], Hashes]:
    """Return where each word of a text in normal form starts, and its hash."""
    starts: list[NDArray[np.int64]] = []
    hashes: list[Hashes] = []
    begin = 0
    while begin < len(text):
        end = begin + BLOCK_CHARACTERS
        if end < len(text):
            # Between two words where there is a space; a longer "word" is cut, at the same place in every batch.
            end = max(text.rfind(" ", begin, end), text.rfind("\n", begin, end)) + 1 or end
        else:
            end = len(text)
        start, found = _block(text[begin:end])
        starts.append(start + begin)
        hashes.append(found)
        begin = end
    return np.concatenate(starts), np.concatenate(hashes)


def _block(text: str) -> tuple[NDArray[np.int64], Hashes]:
    codes: NDArray[np.uint8] | NDArray[np.uint32]
    if text.isascii():
        codes = np.frombuffer(text.encode("ascii"), np.uint8)
    else:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    kind = np.zeros(len(codes) + 2, np.uint8)
    np.take(kinds(), codes, out=kind[1:-1], mode="clip")  # the mode that needs no buffer
    inside = (kind[1:] & kind[:-1] & 1).astype(np.bool_)  # between two characters of one word
    word = kind[1:-1] > 0
    start, last = np.flatnonzero(word & ~inside[:-1]), np.flatnonzero(word & ~inside[1:])
    powers, inverses = _powers()
    terms, sums = SCRATCH.terms[: len(codes)], SCRATCH.sums[: len(codes)]
    np.multiply(codes, powers[: len(codes)], out=terms, dtype=np.uint64)
    np.cumsum(terms, out=sums)
    return start, mix((sums[last] - sums[start] + terms[start]) * inverses[start])


class _Scratch(threading.local):
    """Two arrays a thread works in: made anew for each block, their pages cost a fifth of the time."""

    def __init__(self) -> None:
        self.terms = np.empty(BLOCK_CHARACTERS, np.uint64)
        self.sums = np.empty(BLOCK_CHARACTERS, np.uint64)


SCRATCH = _Scratch()


def mix(values: Hashes) -> Hashes:
    """Return the values with every bit spread over all 64.

    Source: the finaliser of MurmurHash3, github.com/aappleby/smhasher.
    """
    values = values ^ (values >> np.uint64(33))
    values *= np.uint64(0xFF51AFD7ED558CCD)
    values ^= values >> np.uint64(33)
    values *= np.uint64(0xC4CEB9FE1A85EC53)
    values ^= values >> np.uint64(33)
    return values


@functools.cache
def _factors() -> Hashes:
    """Return an odd number for each place in a shingle."""
    return np.frombuffer(hashlib.shake_256(b"shingle").digest(8 * WORDS), "<u8").astype(np.uint64) | np.uint64(1)


@functools.cache
def _powers() -> tuple[Hashes, Hashes]:
    """Return the powers of MULTIPLIER and of its inverse, modulo 2**64."""
    return _row(MULTIPLIER), _row(pow(MULTIPLIER, -1, 1 << 64))


def _row(base: int) -> Hashes:
    row = np.ones(BLOCK_CHARACTERS, np.uint64)
    row[1:] = np.uint64(base)
    return np.cumprod(row, dtype=np.uint64)
