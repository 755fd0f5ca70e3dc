"""Phrases in running text, word by word: which are there, and from where on one may still be coming."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


class Found(NamedTuple):
    """text[start:end] is a phrase of the group `name`."""

    start: int
    end: int
    name: str


class Phrases:
    """Phrases by the name of their group; case and what stands between the words do not matter."""

    def __init__(self, groups: dict[str, Iterable[str]]) -> None:
        self._whole: dict[str, str] = {}
        self._begun: set[str] = set()
        for name, phrases in groups.items():
            for phrase in phrases:
                words = WORD.findall(phrase.casefold())
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
        last = 0
        for word in WORD.finditer(text) if self._whole else ():
            last = word.end()
        return min((start for _, start, end in self._runs(text) if end == last), default=len(text))

    def _runs(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Yield each run of words that begins a phrase."""
        open_runs: list[tuple[str, int]] = []
        for word in WORD.finditer(text) if self._whole else ():
            read = word.group().casefold()
            longer = [(f"{run} {read}", at) for run, at in open_runs]
            open_runs = [each for each in [*longer, (read, word.start())] if each[0] in self._begun]
            for run, at in open_runs:
                yield run, at, word.end()
