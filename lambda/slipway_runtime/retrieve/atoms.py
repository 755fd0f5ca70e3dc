"""The smallest pieces that a chunk is made of: sentences, tables, code blocks, and what is left of those too large."""

import re
from collections.abc import Iterator
from typing import NamedTuple

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
# Sentence ends in Latin and CJK text; a single line break in prose is no boundary of meaning but a good place to cut.
# The mark itself is matched: a look behind at every character is five times as slow.
LINE_END = re.compile("\n")
SENTENCE_END = re.compile(r"[.!?…][\"')\]]*\s+|[。！？]|\n")  # noqa: RUF001 - full-width punctuation is meant


class Atom(NamedTuple):
    """A span of the text that is not cut. `block_start` marks the first atom of a paragraph, table or code block."""

    start: int
    end: int
    block_start: bool


def atoms(text: str, start: int, end: int, max_characters: int) -> Iterator[Atom]:
    """Yield the atoms of text[start:end], in order, without gaps and none longer than `max_characters`."""
    for block_start, block_end, whole in _blocks(text, start, end):
        if whole and block_end - block_start <= max_characters:
            yield Atom(block_start, block_end, True)
            continue
        cuts = LINE_END if whole else SENTENCE_END
        yield from _pieces(text, block_start, block_end, cuts, max_characters)


def _blocks(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Yield (start, end, whole): paragraphs, and as `whole` the tables and fenced code.

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
            yield begin, position, kind in ("code", "table")
            begin = position
        fence = marker.group(1) if marker else ""
        kind = now or ("" if kind == "prose" else kind)
        position = stop
    if begin < end:
        yield begin, end, kind in ("code", "table")


def _pieces(text: str, start: int, end: int, cuts: re.Pattern[str], max_characters: int) -> Iterator[Atom]:
    position = start
    ends = [match.end() for match in cuts.finditer(text, start, end)]
    if not ends or ends[-1] < end:
        ends.append(end)
    for cut in ends:
        while cut - position > max_characters:
            stop = _hard_cut(text, position, position + max_characters)
            yield Atom(position, stop, position == start)
            position = stop
        if cut > position:
            yield Atom(position, cut, position == start)
            position = cut


def _hard_cut(text: str, start: int, limit: int) -> int:
    """Cut a run without sentence ends at the last blank, or at the limit where it has none."""
    blank = text.rfind(" ", start + 1, limit)
    return blank + 1 if blank > start else limit
