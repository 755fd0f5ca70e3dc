"""The smallest pieces that a chunk is made of: sentences, tables, code blocks, and what is left of those too large."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from slipway_runtime.retrieve.measure import Measure

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
# Sentence ends in Latin and CJK text; a single line break in prose is no boundary of meaning but a good place to cut.
# The mark itself is matched: a look behind at every character is five times as slow.
LINE_END = re.compile("\n")
SENTENCE_END = re.compile(r"[.!?…][\"')\]]*\s+|[。！？]|\n")  # noqa: RUF001 - full-width punctuation is meant
TABLE_HEAD = re.compile(r"\|[^\n]*\n\|[ \t:|-]*-[ \t:|-]*(?:\n|\Z)")


class Atom(NamedTuple):
    """A span of the text that is not cut. `block_start` marks the first atom of a paragraph, table or code block.

    `head` is where the header row of its table is, for a row of a table that is split.
    """

    start: int
    end: int
    block_start: bool
    head: tuple[int, int] | None = None


@dataclass(frozen=True)
class Bounds:
    """How large an atom may be: `size` by the measure, and so many characters."""

    measure: Measure
    size: int
    characters: int

    def hold(self, start: int, end: int) -> bool:
        """Return whether a stretch is small enough."""
        return end - start <= self.characters and self.measure.size(start, end) <= self.size

    def hold_exactly(self, content: str) -> bool:
        """Return whether a text is small enough, counted as it stands."""
        return self.measure.exact(content) <= self.size


def atoms(text: str, start: int, end: int, bounds: Bounds) -> Iterator[Atom]:
    """Yield the atoms of text[start:end], in order, without gaps and each within the bounds."""
    for block_start, block_end, kind in _blocks(text, start, end):
        if kind and bounds.hold(block_start, block_end):
            yield Atom(block_start, block_end, True)
        elif kind == "table" and (head := TABLE_HEAD.match(text, block_start, block_end)):
            for atom in _pieces(text, block_start, block_end, LINE_END, bounds):
                yield atom._replace(head=head.span()) if atom.start >= head.end() else atom
        else:
            yield from _pieces(text, block_start, block_end, LINE_END if kind else SENTENCE_END, bounds)


def _blocks(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, kind): "table" and "code", which stay whole, and "" for paragraphs.

    Blank lines belong to the left.
    """
    begin, position, fence, kind = start, start, "", ""
    for line in text[start:end].splitlines(keepends=True) if start < end else []:
        stop = position + len(line)
        marker = FENCE.match(line) if "```" in line or "~~~" in line else None
        if fence:
            if marker and marker.group(1).startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            position = stop
            continue
        now = "code" if marker else "table" if line.startswith("|") else "prose" if line.strip() else ""
        if now and position > begin and (now != kind or now == "code"):
            yield begin, position, kind if kind in ("code", "table") else ""
            begin = position
        fence = marker.group(1) if marker else ""
        kind = now or ("" if kind == "prose" else kind)
        position = stop
    if begin < end:
        yield begin, end, kind if kind in ("code", "table") else ""


def _pieces(text: str, start: int, end: int, cuts: re.Pattern[str], bounds: Bounds) -> Iterator[Atom]:
    position, is_within_word = start, False
    ends = [match.end() for match in cuts.finditer(text, start, end)]
    if not ends or ends[-1] < end:
        ends.append(end)
    for cut in ends:
        # The rest of a word that was cut can have more tokens than its share of the whole.
        while not bounds.hold(position, cut) or (is_within_word and not bounds.hold_exactly(text[position:cut])):
            stop = _hard_cut(text, position, cut, bounds)
            yield Atom(position, stop, position == start)
            position, is_within_word = stop, True
        is_within_word = False
        if cut > position:
            yield Atom(position, cut, position == start)
            position = cut


def _hard_cut(text: str, start: int, end: int, bounds: Bounds) -> int:
    """Cut a run without sentence ends at the last blank, or at the limit where it has none."""
    limit = min(bounds.measure.reach(start, bounds.size), start + bounds.characters, end)
    blank = text.rfind(" ", start + 1, limit)
    stop = blank + 1 if blank > start else max(limit, start + 1)
    while stop - start > 1 and not bounds.hold_exactly(text[start:stop]):
        stop = start + (stop - start) // 2
    return stop
