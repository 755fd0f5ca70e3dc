"""Fills chunks with atoms: greedily, ending before a block where that leaves no chunk half empty."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway_runtime.retrieve.atoms import Atom, Bounds, atoms
from slipway_runtime.retrieve.measure import Characters, Measure, Tokens
from slipway_runtime.retrieve.tokens.choose import tokenizer

if TYPE_CHECKING:
    from slipway_runtime.retrieve.chunk import ChunkSettings

# The header row of a table is repeated where it leaves most of the chunk to the rows.
LARGEST_HEAD = 0.25


@dataclass(frozen=True)
class Packing:
    """Packs stretches of one text. Units: `size` and `overlap` by the measure."""

    text: str
    measure: Measure
    size: int
    overlap: int
    characters: int
    parent_characters: int

    @classmethod
    def of(cls, text: str, settings: ChunkSettings) -> Packing:
        """Return the packing of a text by its settings."""
        size, overlap = settings.max_characters, settings.overlap_characters
        measure: Measure = Characters()
        if settings.max_tokens:
            size, overlap = settings.max_tokens, settings.overlap_tokens
            measure = Tokens(text, tokenizer(settings.tokenizer))
        return cls(text, measure, size, overlap, settings.most_characters, settings.parent_characters)

    def chunks(self, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        """Yield (start, end, content) of the chunks of text[start:end]."""
        pieces = list(atoms(self.text, start, end, Bounds(self.measure, self.size, self.characters)))
        first = done = 0
        while first < len(pieces):
            head = self._head(pieces[first])
            after = self._fill(pieces, first, head)
            left, right = self._trim(pieces[first].start, pieces[after - 1].end)
            # Counted whole at last: what was cut within words may have more tokens than its parts.
            while after - first > 1 and not self._fits(head, left, right):
                after -= 1
                left, right = self._trim(pieces[first].start, pieces[after - 1].end)
            if after <= done:  # with the header row above it the overlap leaves no room for anything new
                first = done
                continue
            if left < right:
                head = head if self._fits(head, left, right) else ""
                yield left, right, head + self.text[left:right]
            if after == len(pieces):
                return
            first, done = self._step_back(pieces, first, after), after

    def parents(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the spans that cover text[start:end], in order, each of at most `parent_characters`."""
        if not self.parent_characters:
            return []
        whole = Packing(self.text, Characters(), self.parent_characters, 0, self.parent_characters, 0)
        return [(left, right) for left, right, _ in whole.chunks(start, end)]

    def _head(self, first: Atom) -> str:
        if first.head is None:
            return ""
        head = self.text[slice(*first.head)]
        large = self.measure.exact(head) > self.size * LARGEST_HEAD or len(head) > self.characters * LARGEST_HEAD
        return "" if large else head

    def _fits(self, head: str, start: int, end: int) -> bool:
        content = head + self.text[start:end]
        return len(content) <= self.characters and self.measure.exact(content) <= self.size

    def _fill(self, pieces: list[Atom], first: int, head: str) -> int:
        """Return the index after the last atom of the chunk that begins at `first`."""
        origin, after, boundary = pieces[first].start, first + 1, 0
        bounds = Bounds(self.measure, self.size - self.measure.exact(head), self.characters - len(head))
        while after < len(pieces) and bounds.hold(origin, pieces[after].end):
            if pieces[after].block_start:
                boundary = after
            after += 1
        if after == len(pieces) or pieces[after].block_start:
            return after
        half_full = boundary and self.measure.size(origin, pieces[boundary - 1].end) >= self.size // 2
        return boundary if half_full else after

    def _step_back(self, pieces: list[Atom], first: int, after: int) -> int:
        """Return where the next chunk begins: back by whole atoms within the overlap, but so that it gains one."""
        back = after
        limits = Bounds(self.measure, self.size, self.characters)
        while back - 1 > first and self.measure.size(pieces[back - 1].start, pieces[after].start) <= self.overlap:
            if not limits.hold(pieces[back - 1].start, pieces[after].end):
                break
            back -= 1
        return back

    def _trim(self, start: int, end: int) -> tuple[int, int]:
        piece = self.text[start:end]
        # Only line breaks go on the left: indentation is part of code.
        left = len(piece) - len(piece.lstrip("\n"))
        return (start + left, start + len(piece.rstrip())) if piece.strip() else (start, start)
