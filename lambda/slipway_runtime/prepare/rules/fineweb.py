"""Filters of layout. Source: Penedo et al. 2024 (FineWeb), arXiv 2406.17557, section 3.6."""

from dataclasses import dataclass

from slipway_runtime.prepare.rules.c4 import TERMINAL
from slipway_runtime.prepare.rules.limit import AtLeast, AtMost
from slipway_runtime.prepare.rules.profile import Profile
from slipway_runtime.prepare.rules.repetition import MaxDuplicateLineCharacters


class MinPunctuatedLines(AtLeast):
    """Share of lines that end with a mark at least: 0.12 in the paper."""

    name = "fineweb.min_punctuated_lines"
    measured = "the share of lines that end with a mark"

    def measure(self, document: Profile) -> float:
        """Return the share."""
        return document.line_share(sum(line.endswith((*TERMINAL, "…")) for line in document.lines))


class MaxRepeatedCharacters(MaxDuplicateLineCharacters):
    """Share of characters in lines that repeat an earlier one at most: 0.1 in the paper."""

    name = "fineweb.max_duplicate_line_characters"


@dataclass(frozen=True, kw_only=True)
class MaxShortLines(AtMost):
    """Share of lines of fewer than 30 characters at most: 0.67 in the paper."""

    name = "fineweb.max_short_lines"
    measured = "the share of short lines"
    characters: int

    def measure(self, document: Profile) -> float:
        """Return the share."""
        return document.line_share(sum(len(line) < self.characters for line in document.lines))
