"""The normal form in which every format leaves the readers."""

import bisect
from dataclasses import dataclass, field

from slipway_runtime.prepare.attributes.bounds import Attribute


@dataclass(frozen=True, kw_only=True)
class Section:
    """A stretch of Markdown-flavoured text; `page` is its page number from 1, or None where the format has none."""

    text: str
    page: int | None = None


@dataclass(frozen=True, kw_only=True)
class Extracted:
    """What a reader found. `structured` says that lines which begin with '#' are headings and not content.

    `attributes` is what the document says of itself, `counts` what of it the reader left out.
    """

    sections: list[Section]
    title: str = ""
    structured: bool = False
    description: str = ""
    attributes: dict[str, Attribute] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A heading line at `offset`, with its level 1 to 6."""

    offset: int
    level: int
    title: str


@dataclass(frozen=True, kw_only=True)
class PreparedDocument:
    """Clean text with two maps: `pages` (offset, page number) and `headings`, both in the order of the text.

    `counts`: what its reader left out and the rules of its source did to it, such as {"redact.email": 2}.
    `language`: ISO 639-1, "" where it is not sure. `attributes` are what its chunks can be filtered by.
    Units: offsets are characters (code points) into `text`.
    """

    text: str
    title: str
    media_type: str
    pages: list[tuple[int, int]] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    language: str = ""
    description: str = ""
    attributes: dict[str, Attribute] = field(default_factory=dict)

    def page_at(self, offset: int) -> int | None:
        """Return the page that holds the character at `offset`, or None where the format has no pages."""
        index = bisect.bisect_right(self.pages, offset, key=lambda page: page[0]) - 1
        return self.pages[index][1] if index >= 0 else None
