"""Citation markers: kept where they name a document that was given, dropped and counted where not."""

import re
from dataclasses import dataclass

MARKER = re.compile(r"[ \t]?\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")
# Code may hold [1] as an index: what stands in back-ticks is left alone.
CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Cited:
    """A text with its markers renumbered from 1 by first use.

    `used` are the old numbers in that order; `dropped` counts the markers that named no document.
    """

    text: str
    used: list[int]
    dropped: int


class Numbering:
    """Numbers the sources of a text from 1 by first use, piece by piece; a piece never ends within a marker or code."""

    def __init__(self, sources: int) -> None:
        self._sources = sources
        self.used: list[int] = []
        self.dropped = 0

    def apply(self, text: str) -> str:
        """Return a piece with its markers renumbered, and without those that name no document."""
        parts = CODE.split(text)
        parts[::2] = [MARKER.sub(self._renumber, part) for part in parts[::2]]
        return "".join(parts)

    def _renumber(self, match: re.Match[str]) -> str:
        numbers = [int(number) for number in re.findall(r"\d+", match.group(1))]
        valid = [number for number in numbers if 1 <= number <= self._sources]
        self.dropped += len(numbers) - len(valid)
        self.used.extend(number for number in dict.fromkeys(valid) if number not in self.used)
        space = match.group()[: match.group().index("[")]
        return space + "".join(f"[{self.used.index(number) + 1}]" for number in valid) if valid else ""


def resolve_markers(text: str, sources: int) -> Cited:
    """Return the text with its markers checked against `sources` documents, numbered from 1."""
    numbering = Numbering(sources)
    renumbered = numbering.apply(text).strip()
    return Cited(text=renumbered, used=numbering.used, dropped=numbering.dropped)
