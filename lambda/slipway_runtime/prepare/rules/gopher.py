"""Filters of form. Source: Rae et al. 2021 (Gopher), arXiv 2112.11446, appendix A.1.1, "Quality filtering"."""

from slipway_runtime.prepare.rules.function_words import FUNCTION_WORDS
from slipway_runtime.prepare.rules.limit import AtLeast, AtMost
from slipway_runtime.prepare.rules.profile import UNSPACED, Profile

BULLETS = ("•", "‣", "▪", "- ", "* ", "+ ")
ELLIPSES = ("...", "…", ". . .")
ENGLISH = frozenset(("the", "be", "to", "of", "and", "that", "have", "with"))


class MinWords(AtLeast):
    """Words at least: 50 in the paper."""

    name = "gopher.min_words"
    measured = "the number of words"

    def measure(self, document: Profile) -> float:
        """Return the number of words."""
        return len(document.real_words)


class MaxWords(AtMost):
    """Words at most: 100,000 in the paper."""

    name = "gopher.max_words"
    measured = "the number of words"

    def measure(self, document: Profile) -> float:
        """Return the number of words."""
        return len(document.real_words)


class MinMeanWordCharacters(AtLeast):
    """Mean length of a word at least: 3 characters in the paper."""

    name = "gopher.min_mean_word_characters"
    measured = "the mean length of a word in characters"

    def measure(self, document: Profile) -> float:
        """Return the mean length of a word; the limit where words are not told apart by blanks."""
        return self.limit if document.language in UNSPACED else mean_word_characters(document)


class MaxMeanWordCharacters(AtMost):
    """Mean length of a word at most: 10 characters in the paper."""

    name = "gopher.max_mean_word_characters"
    measured = "the mean length of a word in characters"

    def measure(self, document: Profile) -> float:
        """Return the mean length of a word."""
        return mean_word_characters(document)


class MaxSymbolsPerWord(AtMost):
    """Hash signs, and ellipses, for each word at most: 0.1 in the paper. The signs of headings do not count."""

    name = "gopher.max_symbols_per_word"
    measured = "the number of hash signs or ellipses for each word"

    def measure(self, document: Profile) -> float:
        """Return the larger of the two ratios."""
        hashes = document.text.count("#") - document.heading_marks
        return max(hashes, document.text.count("...") + document.text.count("…")) / max(1, len(document.words))


class MaxBulletLines(AtMost):
    """Share of lines that begin with a bullet at most: 0.9 in the paper."""

    name = "gopher.max_bullet_lines"
    measured = "the share of lines that begin with a bullet"

    def measure(self, document: Profile) -> float:
        """Return the share."""
        return document.line_share(sum(line.startswith(BULLETS) for line in document.lines))


class MaxEllipsisLines(AtMost):
    """Share of lines that end with an ellipsis at most: 0.3 in the paper."""

    name = "gopher.max_ellipsis_lines"
    measured = "the share of lines that end with an ellipsis"

    def measure(self, document: Profile) -> float:
        """Return the share."""
        return document.line_share(sum(line.endswith(ELLIPSES) for line in document.lines))


class MinAlphabeticWords(AtLeast):
    """Share of words with a letter at least: 0.8 in the paper."""

    name = "gopher.min_alphabetic_words"
    measured = "the share of words with a letter in them"

    def measure(self, document: Profile) -> float:
        """Return the share."""
        return sum(any(map(str.isalpha, word)) for word in document.words) / max(1, len(document.words))


class MinFunctionWords(AtLeast):
    """Different function words at least: 2 in the paper, which lists eight of English.

    Other languages are held to their own words, and languages without a list to none.
    """

    name = "gopher.min_function_words"
    measured = "the number of different function words"

    def measure(self, document: Profile) -> float:
        """Return how many of the language's function words occur."""
        listed = ENGLISH if document.language in ("", "en") else FUNCTION_WORDS.get(document.language)
        if not listed:
            return self.limit
        return len(listed & {word.lower() for word in document.words})


def mean_word_characters(document: Profile) -> float:
    """Return the mean length of the words that are more than marks, 0 where there are none."""
    words = document.real_words
    return sum(map(len, words)) / max(1, len(words))
