"""What chunking asks of a tokenizer: how many tokens a text has, and where they begin."""

import functools
import re
from abc import ABC, abstractmethod
from typing import NamedTuple

RUN = re.compile(r"\S+")
REMEMBERED_RUNS = 50_000
MAX_REMEMBERED_CHARACTERS = 64


class Part(NamedTuple):
    """A stretch of a run that is tokenised on its own: its offset and length in characters, and its tokens."""

    offset: int
    length: int
    tokens: int


class Tokenizer(ABC):
    """Counts tokens. No token reaches over white space, so that runs without any are counted one by one."""

    def __init__(self) -> None:
        self._known = functools.lru_cache(REMEMBERED_RUNS)(self.parts)
        self._known_count = functools.lru_cache(REMEMBERED_RUNS)(self._count)

    @abstractmethod
    def parts(self, run: str) -> tuple[Part, ...]:
        """Return the parts of a run without white space, in order."""

    def count(self, text: str) -> int:
        """Return the number of tokens, without the marks that a model puts around them."""
        runs = RUN.findall(text)
        is_short = max(map(len, runs), default=0) <= MAX_REMEMBERED_CHARACTERS
        return sum(map(self._known_count if is_short else self._count, runs))

    def starts(self, text: str) -> list[int]:
        """Return where each token begins, ascending; those within one part are spread over it evenly."""
        found: list[int] = []
        for run in RUN.finditer(text):
            at = run.start()
            for offset, length, tokens in self._parts(run[0]):
                if tokens == 1:
                    found.append(at + offset)
                else:
                    found += [at + offset + length * number // tokens for number in range(tokens)]
        return found

    def _count(self, run: str) -> int:
        return sum(part.tokens for part in self._parts(run))

    def _parts(self, run: str) -> tuple[Part, ...]:
        return self._known(run) if len(run) <= MAX_REMEMBERED_CHARACTERS else self.parts(run)
