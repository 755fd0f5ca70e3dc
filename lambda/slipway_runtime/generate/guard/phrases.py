"""Phrases in running text, word by word: which are there, and from where on one may still be coming."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from slipway_runtime.generate.guard.normalise import folded

# Scripts that put no blanks between words: each of their characters is one.
ALONE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
WORD = re.compile(rf"[{ALONE}]|[^\W_{ALONE}]+(?:['’][^\W_{ALONE}]+)?")


class Found(NamedTuple):
    """text[start:end] is a phrase of the group `name`."""

    start: int
    end: int
    name: str


class Phrases:
    """Phrases by the name of their group; case, disguises and what stands between the words do not matter."""

    def __init__(self, groups: dict[str, Iterable[str]]) -> None:
        self._whole: dict[str, str] = {}
        self._begun: set[str] = set()
        for name, phrases in groups.items():
            for phrase in phrases:
                words = WORD.findall(folded(phrase)[0])
                if words:
                    self._whole[" ".join(words)] = name
                    self._begun |= {" ".join(words[:count]) for count in range(1, len(words) + 1)}

    def find(self, text: str) -> Iterator[Found]:
        """Yield the phrases in a text, by their last word."""
        for phrase, start, end in self._runs(text):
            if name := self._whole.get(phrase):
                yield Found(start, end, name)

    def settled(self, text: str) -> int:
        """Return up to where no phrase can begin that what follows would complete; a text ends after a word."""
        read, places = folded(text) if self._whole else ("", (0,))
        last = 0
        for word in WORD.finditer(read):
            last = places[word.end()]
        return min((start for _, start, end in self._read(read, places) if end == last), default=len(text))

    def _runs(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Yield each run of words that begins a phrase, with its place in the text."""
        return self._read(*folded(text)) if self._whole else iter(())

    def _read(self, read: str, places: Sequence[int]) -> Iterator[tuple[str, int, int]]:
        open_runs: list[tuple[str, int]] = []
        for word in WORD.finditer(read):
            longer = [(f"{run} {word.group()}", at) for run, at in open_runs]
            begun = [*longer, (word.group(), places[word.start()])]
            open_runs = [each for each in begun if each[0] in self._begun]
            for run, at in open_runs:
                yield run, at, places[word.end()]
