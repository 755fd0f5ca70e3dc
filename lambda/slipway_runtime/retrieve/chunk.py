"""Chunks by structure: never across a heading or a page, tables and code whole where they fit."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from slipway_runtime.prepare.document import Heading, PreparedDocument
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.retrieve.atoms import Atom, atoms

HEADING_SEPARATOR = " > "
MIN_CHARACTERS = 100
# Thirty of the widest chunks, at four bytes a character, still fit the Data API's response of 1 MiB.
MAX_CHARACTERS = 8_000
# All chunks of a document are embedded in one invocation, which keeps nothing if it ends before: 300 s less a margin of
# 10 s. At the default quota of Titan Text Embeddings V2 of 300,000 tokens a minute these are 1.45 million tokens, or
# 4,800 chunks of 1,200 characters (300 tokens) if nobody else embeds. Their vectors (1,024 floats) take about 130 MiB.
MAX_CHUNKS = 4_000
VISIBLE = re.compile(r"\S")


@dataclass(frozen=True, kw_only=True)
class ChunkSettings:
    """Units: characters. `overlap_characters` is how much of a chunk's end the next one may repeat."""

    max_characters: int
    overlap_characters: int

    def __post_init__(self) -> None:
        if not MIN_CHARACTERS <= self.max_characters <= MAX_CHARACTERS:
            expected = f"{MIN_CHARACTERS} to {MAX_CHARACTERS}"
            raise ValueError(f"max_characters is {self.max_characters}, expected {expected}")
        if not 0 <= self.overlap_characters <= self.max_characters // 2:
            raise ValueError(f"overlap_characters is {self.overlap_characters}, expected 0 to half of max_characters")


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A stretch of a document: document.text[start:end] == content.

    `heading` is the path, "" above the first heading.
    """

    ordinal: int
    start: int
    end: int
    content: str
    heading: str
    page: int | None


def chunk(document: PreparedDocument, settings: ChunkSettings) -> list[Chunk]:
    """Return the chunks in the order of the text; together they cover everything but white space.

    No chunk is longer than `max_characters`, and each begins after the one before.
    Raises: Rejected("too_many_chunks") for a document that one invocation cannot embed.
    """
    if len(document.text) > MAX_CHUNKS * settings.max_characters:
        raise _too_many(settings)
    chunks: list[Chunk] = []
    text = document.text
    for start, end, heading in _sections(document):
        page = document.page_at(start)
        for left, right in _pack(list(atoms(text, start, end, settings.max_characters)), text, settings):
            if len(chunks) == MAX_CHUNKS:
                raise _too_many(settings)
            chunks.append(
                Chunk(ordinal=len(chunks), start=left, end=right, content=text[left:right], heading=heading, page=page)
            )
    return chunks


def _too_many(settings: ChunkSettings) -> Rejected:
    size = f"{MAX_CHUNKS} chunks of up to {settings.max_characters} characters"
    return Rejected("too_many_chunks", f"the document gives more than {size}; split it into parts and upload those")


def _sections(document: PreparedDocument) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, heading path). A heading without text of its own stays with the section that follows it."""
    path: list[Heading] = []
    marks: list[tuple[int, Heading | None]] = [(offset, None) for offset, _ in document.pages]
    marks += [(heading.offset, heading) for heading in document.headings]
    marks.sort(key=lambda mark: mark[0])
    begin = 0
    for index, (offset, heading) in enumerate(marks):
        bare = heading is not None and index > 0 and _is_bare(document.text, marks[index - 1], offset)
        if offset > begin and not bare:
            yield begin, offset, _name(path)
            begin = offset
        if heading is not None:
            path = [parent for parent in path if parent.level < heading.level] + [heading]
    if begin < len(document.text):
        yield begin, len(document.text), _name(path)


def _is_bare(text: str, previous: tuple[int, Heading | None], offset: int) -> bool:
    start, heading = previous
    if heading is None:
        return False
    line_end = text.find("\n", start)
    return line_end < 0 or not VISIBLE.search(text, line_end, offset)


def _name(path: list[Heading]) -> str:
    return HEADING_SEPARATOR.join(heading.title for heading in path)


def _pack(pieces: list[Atom], text: str, settings: ChunkSettings) -> Iterator[tuple[int, int]]:
    """Fill chunks greedily, preferring to end before a block, and step back by the overlap between two of them."""
    first = 0
    while first < len(pieces):
        after = _fill(pieces, first, settings.max_characters)
        start, end = _trim(text, pieces[first].start, pieces[after - 1].end)
        if start < end:
            yield start, end
        if after == len(pieces):
            return
        first = _step_back(pieces, first, after, settings)


def _fill(pieces: list[Atom], first: int, max_characters: int) -> int:
    """Return the index after the last atom of the chunk that begins at `first`."""
    origin, after, boundary = pieces[first].start, first + 1, 0
    while after < len(pieces) and pieces[after].end - origin <= max_characters:
        if pieces[after].block_start:
            boundary = after
        after += 1
    if after == len(pieces) or pieces[after].block_start:
        return after
    half_full = boundary and pieces[boundary - 1].end - origin >= max_characters // 2
    return boundary if half_full else after


def _step_back(pieces: list[Atom], first: int, after: int, settings: ChunkSettings) -> int:
    """Return where the next chunk begins: back by whole atoms within the overlap, but so that it still gains one."""
    back = after
    while back - 1 > first and pieces[after].start - pieces[back - 1].start <= settings.overlap_characters:
        if pieces[after].end - pieces[back - 1].start > settings.max_characters:
            break
        back -= 1
    return back


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    # Only line breaks go on the left: indentation is part of code.
    left = len(piece) - len(piece.lstrip("\n"))
    return (start + left, start + len(piece.rstrip())) if piece.strip() else (start, start)
