"""The answer's text while it is being written: shown as far as nothing found in it could still begin there.

Held back are the word that is being written and what may be the beginning of a finding; of plain prose, that is one
word. What was shown stays in view, for what a detector has to see before a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from slipway_runtime.generate.guard import personal_data
from slipway_runtime.generate.guard.policy import Action, Finding


class Stretch(NamedTuple):
    """text[start:end] is a finding of a detector; `instead` stands for it where it is redacted."""

    start: int
    end: int
    detector: str
    reason: str
    action: Action
    instead: str


class Detector(Protocol):
    """Finds stretches that end after `since`, and says up to where none can begin that is not whole."""

    @property
    def action(self) -> Action:
        """What is done with what it finds."""

    def find(self, text: str, since: int) -> Iterator[Stretch]:
        """Yield what is found."""

    def settled(self, text: str) -> int:
        """Return a place in a text that ends after a word."""


@dataclass(kw_only=True)
class Window:
    """Takes pieces of a text and returns what can be shown; `found` is told of each finding once it is certain."""

    detectors: list[Detector]
    found: Callable[[Finding], None]
    blocked: bool = False
    _text: str = ""
    _shown: int = 0

    def add(self, piece: str) -> str:
        """Return what can be shown now, "" for nothing."""
        if self.blocked or not self.detectors:
            return "" if self.blocked else piece
        self._text += piece
        word = personal_data.LAST_WORD.search(self._text)
        end = word.start() if word else len(self._text)
        if end <= self._shown:
            return ""
        begun = self._text[:end]
        return self._show(min([end, *(each.settled(begun) for each in self.detectors)]))

    def end(self) -> str:
        """Return the rest."""
        return "" if self.blocked else self._show(len(self._text))

    def _show(self, end: int) -> str:
        stretches = sorted(each for one in self.detectors for each in one.find(self._text, self._shown))
        if stops := [each for each in stretches if each.action == "block"]:
            self.blocked = True
            self._tell(stops[0])
            return ""
        for each in reversed(stretches):
            if each.start < end < each.end and end < len(self._text):
                end = each.start
        if end <= self._shown:
            return ""
        pieces, at = [], self._shown
        for each in stretches:
            if each.end > end or each.end <= self._shown:
                continue
            self._tell(each)
            if each.action == "redact" and each.end > at:
                # Its beginning may have been shown before it could be known: the rest is taken out all the same.
                whole = each.start >= at or at == self._shown
                pieces += [self._text[at : max(at, each.start)], each.instead if whole else ""]
                at = each.end
        shown = "".join(pieces) + self._text[at:end]
        forgotten = max(0, end - personal_data.REACH_CHARACTERS)
        self._text, self._shown = self._text[forgotten:], end - forgotten
        return shown

    def _tell(self, each: Stretch) -> None:
        self.found(Finding(each.detector, "output", each.action, each.reason))
