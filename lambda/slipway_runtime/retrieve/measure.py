"""What the size of a stretch of text is, in characters or in tokens of the embedding model."""

import bisect
from typing import Protocol

from slipway_runtime.retrieve.tokens.tokenizer import Tokenizer


class Measure(Protocol):
    """Sizes of stretches of one text."""

    def size(self, start: int, end: int) -> int:
        """Return the size of text[start:end]; between words it is exact, and sizes add up."""
        ...

    def exact(self, content: str) -> int:
        """Return the size of a text as it stands."""
        ...

    def reach(self, start: int, size: int) -> int:
        """Return where a stretch of at most `size` from `start` would end."""
        ...


class Characters:
    """Size in characters."""

    def size(self, start: int, end: int) -> int:
        """Return the characters between."""
        return end - start

    def exact(self, content: str) -> int:
        """Return the length."""
        return len(content)

    def reach(self, start: int, size: int) -> int:
        """Return the offset that many characters on."""
        return start + size


class Tokens:
    """Size in tokens. The text is read once; what is cut within a word is counted anew."""

    def __init__(self, text: str, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._starts = tokenizer.starts(text)
        self._length = len(text)

    def size(self, start: int, end: int) -> int:
        """Return the tokens that begin between."""
        return bisect.bisect_left(self._starts, end) - bisect.bisect_left(self._starts, start)

    def exact(self, content: str) -> int:
        """Return the tokens of the text."""
        return self._tokenizer.count(content)

    def reach(self, start: int, size: int) -> int:
        """Return where the token after `size` of them begins."""
        after = bisect.bisect_left(self._starts, start) + size
        return self._starts[after] if after < len(self._starts) else self._length
