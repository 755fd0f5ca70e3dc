"""Shingles as the peers' own examples make them."""

import re

WORD = re.compile(r"\w+")
BANDS, ROWS, ACCEPTED = 13, 5, 0.7


def shingles(text: str) -> list[str]:
    """Return the word 5-grams of a text."""
    words = WORD.findall(text.lower())
    return [" ".join(words[start : start + 5]) for start in range(len(words) - 4)]
