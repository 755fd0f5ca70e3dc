"""A grounded answer while it is being written: shown from its first citation on, with the final numbers.

Before a citation nobody could check what is said, and the answer may yet be a refusal; so nothing is shown before it.
"""

from __future__ import annotations

import re

from slipway_runtime.generate.citations import Numbering
from slipway_runtime.generate.prompt import NO_ANSWER

# Code, whole or still open, and the beginning of a marker: what comes next decides how they read.
CODE_SO_FAR = re.compile(r"```.*?```|```.*\Z|`[^`\n]*`|`[^`\n]*\Z", re.DOTALL)
MARKER_SO_FAR = re.compile(r"[ \t]?(?:\[[\d\s,;]*)?\Z")
HEAD_CHARACTERS = 400


class CitedStream:
    """Takes pieces of a reply and returns pieces of the answer; together they begin the text that the whole gives."""

    def __init__(self, sources: int) -> None:
        self._numbering = Numbering(sources)
        self._head = ""
        self._pending = ""
        self._text = ""
        self._shown = 0

    def add(self, piece: str) -> str:
        """Return what can be shown now, "" for nothing."""
        if len(self._head) < HEAD_CHARACTERS:
            self._head += piece
        self._pending += piece
        end = settled(self._pending)
        self._text += self._numbering.apply(self._pending[:end])
        self._pending = self._pending[end:]
        if not self._numbering.used or self._head.strip().startswith(NO_ANSWER):
            return ""
        ready = self._text.strip()
        new = ready[self._shown :]
        self._shown = len(ready)
        return new

    def rest(self, text: str) -> str:
        """Return what of the whole answer's text has not been shown."""
        return text[self._shown :]


def settled(text: str) -> int:
    """Return how many characters will read the same whatever follows them."""
    for code in CODE_SO_FAR.finditer(text):
        if code.end() == len(text):
            return code.start()
    partial = MARKER_SO_FAR.search(text)
    return partial.start() if partial else len(text)
