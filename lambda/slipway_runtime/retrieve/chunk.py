"""Chunks by structure: never across a heading or a page, tables and code whole where they fit."""

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass

from slipway_runtime.prepare.document import Heading, PreparedDocument
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.retrieve.packing import Packing
from slipway_runtime.retrieve.tokens.choose import TokenizerName

HEADING_SEPARATOR = " > "
MIN_CHARACTERS = 100
MIN_TOKENS = 32
# Thirty of the widest chunks, at four bytes a character, still fit the Data API's response of 1 MiB.
MAX_CHARACTERS = 8_000
# All chunks of a document are embedded in one invocation, which keeps nothing if it ends before: 300 s less a margin of
# 10 s. At the default quota of Titan Text Embeddings V2 of 300,000 tokens a minute these are 1.45 million tokens, or
# 4,800 chunks of 1,200 characters (300 tokens) if nobody else embeds. Their vectors (1,024 floats) take about 130 MiB.
MAX_CHUNKS = 4_000
VISIBLE = re.compile(r"\S")


@dataclass(frozen=True, kw_only=True)
class ChunkSettings:
    """How large chunks are: of at most `max_characters`, or, where it is given, `max_tokens` of the embedding model.

    The overlap, in the same unit, is how much of a chunk's end the next one may repeat. `parent_characters` is how much
    of the section around a chunk its parent is; 0: no parents.
    """

    max_characters: int
    overlap_characters: int
    max_tokens: int | None = None
    overlap_tokens: int = 0
    tokenizer: TokenizerName = "estimate"
    parent_characters: int = 0

    def __post_init__(self) -> None:
        if not MIN_CHARACTERS <= self.max_characters <= MAX_CHARACTERS:
            expected = f"{MIN_CHARACTERS} to {MAX_CHARACTERS}"
            raise ValueError(f"max_characters is {self.max_characters}, expected {expected}")
        if not 0 <= self.overlap_characters <= self.max_characters // 2:
            raise ValueError(f"overlap_characters is {self.overlap_characters}, expected 0 to half of max_characters")
        if self.max_tokens is not None and self.max_tokens < MIN_TOKENS:
            raise ValueError(f"max_tokens is {self.max_tokens}, expected {MIN_TOKENS} or more")
        if self.max_tokens is not None and not 0 <= self.overlap_tokens <= self.max_tokens // 2:
            raise ValueError(f"overlap_tokens is {self.overlap_tokens}, expected 0 to half of max_tokens")
        if self.parent_characters < 0:
            raise ValueError(f"parent_characters is {self.parent_characters}, expected 0 or more")

    @property
    def most_characters(self) -> int:
        """Characters at most of a chunk, whatever it is measured in."""
        return MAX_CHARACTERS if self.max_tokens else self.max_characters

    @property
    def version(self) -> str:
        """What names these settings in the lineage: the same chunks come of the same version."""
        if self.max_tokens:
            unit = f"{self.max_tokens}-{self.overlap_tokens}-{self.tokenizer}"
        else:
            unit = f"{self.max_characters}-{self.overlap_characters}"
        return f"{unit}-parent-{self.parent_characters}" if self.parent_characters else unit


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A stretch of a document: document.text[start:end] == content[repeated:].

    What is repeated is the header row of the table that the chunk continues. `heading` is the path, "" above the first
    heading; `parent` is the (start, end) of the text around it that a prompt may be given instead.
    """

    ordinal: int
    start: int
    end: int
    content: str
    heading: str
    page: int | None
    parent: tuple[int, int] | None = None

    @property
    def repeated(self) -> int:
        """Characters at the beginning of the content that stand further above in the text."""
        return len(self.content) - (self.end - self.start)


def chunk(document: PreparedDocument, settings: ChunkSettings) -> list[Chunk]:
    """Return the chunks in the order of the text; together they cover everything but white space.

    No chunk is larger than the settings say, and each begins after the one before.
    Raises: Rejected("too_many_chunks") for a document that one invocation cannot embed.
    """
    if len(document.text) > MAX_CHUNKS * settings.most_characters:
        raise _too_many(settings)
    chunks: list[Chunk] = []
    packing = Packing.of(document.text, settings)
    for start, end, heading in _sections(document):
        page = document.page_at(start)
        parents = packing.parents(start, end)
        for left, right, content in packing.chunks(start, end):
            if len(chunks) == MAX_CHUNKS:
                raise _too_many(settings)
            chunks.append(
                Chunk(
                    ordinal=len(chunks),
                    start=left,
                    end=right,
                    content=content,
                    heading=heading,
                    page=page,
                    parent=_parent(parents, left, right),
                )
            )
    return chunks


def _too_many(settings: ChunkSettings) -> Rejected:
    size = f"{settings.max_tokens} tokens" if settings.max_tokens else f"{settings.max_characters} characters"
    limit = f"{MAX_CHUNKS} chunks of up to {size}"
    return Rejected("too_many_chunks", f"the document gives more than {limit}; split it into parts and upload those")


def _parent(parents: list[tuple[int, int]], start: int, end: int) -> tuple[int, int] | None:
    """Return the parent in which a chunk begins; where its overlap reaches into the next one, it is part of it too."""
    if not parents:
        return None
    first = parents[max(0, bisect.bisect_right(parents, start, key=lambda span: span[0]) - 1)]
    return min(first[0], start), max(first[1], end)


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
