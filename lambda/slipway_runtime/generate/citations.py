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


def resolve_markers(text: str, sources: int) -> Cited:
    """Return the text with its markers checked against `sources` documents, numbered from 1."""
    used: list[int] = []
    dropped = 0

    def renumber(match: re.Match[str]) -> str:
        nonlocal dropped
        numbers = [int(number) for number in re.findall(r"\d+", match.group(1))]
        valid = [number for number in numbers if 1 <= number <= sources]
        dropped += len(numbers) - len(valid)
        used.extend(number for number in dict.fromkeys(valid) if number not in used)
        space = match.group()[: match.group().index("[")]
        return space + "".join(f"[{used.index(number) + 1}]" for number in valid) if valid else ""

    parts = CODE.split(text)
    parts[::2] = [MARKER.sub(renumber, part) for part in parts[::2]]
    return Cited(text="".join(parts).strip(), used=used, dropped=dropped)
