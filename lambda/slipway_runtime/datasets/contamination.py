"""Keeps what a model will be tested on out of what it learns from: by n-grams of words that both share.

An example is contaminated if it shares one n-gram of 13 words with an evaluation item. An item's text of 4 to 12 words
has none: it must be equal, in normal form, to a message or a line of the example. Of fewer words, everything would be
found, so such texts are counted as unchecked.
Source: Brown et al., "Language Models are Few-Shot Learners" (2020), appendix C: 13-grams of lower-case words without
punctuation; Touvron et al., "Llama 2" (2023), appendix A.6.
"""

import functools
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slipway_runtime.datasets.evaluation_set import Item
from slipway_runtime.datasets.ngrams import Words
from slipway_runtime.prepare.duplicates.normal import fold
from slipway_runtime.prepare.duplicates.shingles import BLOCK_CHARACTERS, Hashes

FEWEST_WORDS = 4
TABLE_BITS = 24
NONE = -1


@dataclass(frozen=True)
class Overlap:
    """An evaluation set and the line of the item whose words an example holds; `words` is how many, at least."""

    evaluation_set: str
    line: int
    words: int


@dataclass(frozen=True, kw_only=True)
class ContaminationIndex:
    """Every evaluation set, in memory: sorted `hashes`, for each the place of its item in `sets` and `lines`.

    Units: 16 bytes for each word of the sets, and 16 MiB.
    """

    width: int
    names: list[str]
    hashes: Hashes
    items: NDArray[np.int64]
    sets: NDArray[np.int64]
    lines: NDArray[np.int64]

    @classmethod
    def build(cls, items: Sequence[Item], width: int = 13) -> tuple["ContaminationIndex", dict[str, int]]:
        """Return the index of items, and by set how many items are too short to be checked."""
        names = sorted({item.evaluation_set for item in items})
        unchecked = dict.fromkeys(names, 0)
        hashes, owners = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
        checked = np.zeros(len(items), np.bool_)
        for words, places in _blocks(item.texts for item in items):
            for found in (words.ngrams(width), words.wholes(FEWEST_WORDS, width, lines=False)):
                hashes.append(found.hashes)
                owners.append(places[found.texts])
                checked[places[found.texts]] = True
        for place in np.flatnonzero(~checked).tolist():
            unchecked[items[place].evaluation_set] += 1
        unique, firsts = np.unique(np.concatenate(hashes), return_index=True)
        index = cls(
            width=width,
            names=names,
            hashes=unique,
            items=np.concatenate(owners)[firsts],
            sets=np.array([names.index(item.evaluation_set) for item in items], np.int64),
            lines=np.array([item.line for item in items], np.int64),
        )
        return index, unchecked

    def overlaps(self, examples: Sequence[Sequence[str]]) -> list[Overlap | None]:
        """Return what each example, a list of its texts, shares with an evaluation set; of several, the first item."""
        least: dict[int, tuple[int, int]] = {}
        for words, owners in _blocks(examples) if len(self.hashes) else ():
            for found, size in (
                (words.ngrams(self.width), self.width),
                (words.wholes(FEWEST_WORDS, self.width, lines=True), FEWEST_WORDS),
            ):
                likely = np.flatnonzero(self._table[found.hashes >> np.uint64(64 - TABLE_BITS)])
                places = np.minimum(np.searchsorted(self.hashes, found.hashes[likely]), len(self.hashes) - 1)
                hit = self.hashes[places] == found.hashes[likely]
                examples_hit, items_hit = owners[found.texts[likely[hit]]], self.items[places[hit]]
                for example, item in zip(examples_hit.tolist(), items_hit.tolist(), strict=True):
                    least[example] = min(least.get(example, (item, size)), (item, size))
        return [self._overlap(*least[example]) if example in least else None for example in range(len(examples))]

    def _overlap(self, item: int, words: int) -> Overlap:
        return Overlap(self.names[self.sets[item]], int(self.lines[item]), words)

    @functools.cached_property
    def _table(self) -> NDArray[np.bool_]:
        """Where a hash can be, by its first bits: one look rules out nearly all."""
        table = np.zeros(1 << TABLE_BITS, np.bool_)
        table[self.hashes >> np.uint64(64 - TABLE_BITS)] = True
        return table

    def to_bytes(self) -> bytes:
        """Return the index as `from_bytes` reads it."""
        out = io.BytesIO()
        arrays = {name: getattr(self, name) for name in ("hashes", "items", "sets", "lines")}
        np.savez(out, allow_pickle=False, width=np.array(self.width), names=np.array(self.names, np.str_), **arrays)
        return out.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "ContaminationIndex":
        """Return the index that `to_bytes` wrote."""
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            kept = {name: arrays[name] for name in ("hashes", "items", "sets", "lines")}
            return cls(width=int(arrays["width"]), names=arrays["names"].tolist(), **kept)


def plain(text: str) -> str:
    """Return the text without marks that change no word: widths, ligatures, invisible characters, underscores.

    Only curated texts have been cleaned; evaluation sets and feedback come as they are.
    """
    if not text.isascii():
        text = "".join(each for each in unicodedata.normalize("NFKC", text) if unicodedata.category(each) != "Cf")
    return text.replace("_", " ")


def _blocks(groups: Iterable[Sequence[str]]) -> Iterator[tuple[Words, NDArray[np.int64]]]:
    """Yield the words of some thousand texts at once, and of each text the place of the group that it is in."""
    texts: list[str] = []
    owners: list[int] = []
    characters = 0
    for place, own in enumerate(groups):
        for text in own:
            texts.append(fold(plain(text)))
            owners.append(place)
            characters += len(text)
        if characters >= BLOCK_CHARACTERS:
            yield Words(texts), np.array(owners)
            texts, owners, characters = [], [], 0
    if texts:
        yield Words(texts), np.array(owners)
