"""What one writes first: a set of the items' n-grams, and a look at each n-gram of each document."""

import re

WORD = re.compile(r"\w+")
NGRAM = 13


def ngrams(text: str) -> list[str]:
    """Return the n-grams of a text."""
    words = WORD.findall(text.lower())
    return [" ".join(words[start : start + NGRAM]) for start in range(len(words) - NGRAM + 1)]


def run(rows: list[dict]) -> list[int]:
    """Return the places of what is left out."""
    known = {ngram for row in rows if row["item"] for ngram in ngrams(row["text"])}
    documents = [row["text"] for row in rows if not row["item"]]
    return [place for place, text in enumerate(documents) if any(ngram in known for ngram in ngrams(text))]
