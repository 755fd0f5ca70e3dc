"""Filters of repetition. Source: Rae et al. 2021 (Gopher), arXiv 2112.11446, appendix A.1.1, table A1."""

from dataclasses import dataclass

from slipway_runtime.prepare.rules.limit import AtMost
from slipway_runtime.prepare.rules.profile import Profile


class MaxDuplicateLines(AtMost):
    """Share of lines that repeat an earlier one at most: 0.3 in the paper."""

    name = "repetition.max_duplicate_lines"
    measured = "the share of lines that repeat an earlier one"

    def measure(self, document: Profile) -> float:
        """Return the share."""
        return document.duplicates(document.lines)[0]


class MaxDuplicateLineCharacters(AtMost):
    """Share of characters in such lines at most: 0.2 in Gopher's table A1, 0.1 in FineWeb, section 3.6."""

    name = "repetition.max_duplicate_line_characters"
    measured = "the share of characters in lines that repeat an earlier one"

    def measure(self, document: Profile) -> float:
        """Return the share."""
        return document.duplicates(document.lines)[1]


class MaxDuplicateParagraphs(AtMost):
    """Share of paragraphs that repeat an earlier one at most: 0.3 in the paper."""

    name = "repetition.max_duplicate_paragraphs"
    measured = "the share of paragraphs that repeat an earlier one"

    def measure(self, document: Profile) -> float:
        """Return the share."""
        return document.duplicates(document.paragraphs)[0]


class MaxDuplicateParagraphCharacters(AtMost):
    """Share of characters in such paragraphs at most: 0.2 in the paper."""

    name = "repetition.max_duplicate_paragraph_characters"
    measured = "the share of characters in paragraphs that repeat an earlier one"

    def measure(self, document: Profile) -> float:
        """Return the share."""
        return document.duplicates(document.paragraphs)[1]


@dataclass(frozen=True, kw_only=True)
class MaxTopNgramCharacters(AtMost):
    """Share of characters in the commonest sequence of n words at most: 0.20, 0.18, 0.16 for n = 2, 3, 4."""

    name = "repetition.max_top_ngram_characters"
    measured = "the share of characters in the commonest sequence of a few words"
    n: int

    def measure(self, document: Profile) -> float:
        """Return the share."""
        return document.top_ngram(self.n)


@dataclass(frozen=True, kw_only=True)
class MaxDuplicateNgramCharacters(AtMost):
    """Share of characters in repeated sequences of n words at most: 0.15 to 0.10 for n = 5 to 10."""

    name = "repetition.max_duplicate_ngram_characters"
    measured = "the share of characters in sequences of words that come again"
    n: int

    def measure(self, document: Profile) -> float:
        """Return the share."""
        return document.repeated_ngrams(self.n)
