"""Exact match and F1 of an answer, as SQuAD counts them.

Source: Rajpurkar et al., "SQuAD: 100,000+ Questions for Machine Comprehension of Text" (EMNLP 2016), section 6.1, and
its official evaluation script: lower case, no punctuation, no articles, single blanks; of several references the
best.
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence

ARTICLES = re.compile(r"\b(a|an|the)\b")
PUNCTUATION = str.maketrans("", "", string.punctuation)
# Ours: a citation is no word of the answer.
MARKERS = re.compile(r"\s?\[\d{1,3}\]")


def normalise(text: str) -> str:
    """Return the text as it is compared."""
    return " ".join(ARTICLES.sub(" ", text.lower().translate(PUNCTUATION)).split())


def exact_match(answer: str, references: Sequence[str]) -> float:
    """Return 1 if the answer is one of the references after normalisation, else 0. Raises: ValueError without any."""
    return _best(lambda reference: float(normalise(bare(answer)) == normalise(reference)), references)


def f1(answer: str, references: Sequence[str]) -> float:
    """Return the harmonic mean, 0 to 1, of precision and recall of words, of the best reference.

    Raises: ValueError without any.
    """
    return _best(lambda reference: _f1(normalise(bare(answer)).split(), normalise(reference).split()), references)


def bare(answer: str) -> str:
    """Return an answer without its citation marks."""
    return MARKERS.sub("", answer)


def _best(score: Callable[[str], float], references: Sequence[str]) -> float:
    if not references:
        raise ValueError("references is empty, expected at least one answer")
    return max(map(score, references))


def _f1(answer: list[str], reference: list[str]) -> float:
    if not answer or not reference:
        # SQuAD 2.0: an empty answer is right only where nothing was expected.
        return float(answer == reference)
    common = sum((Counter(answer) & Counter(reference)).values())
    return 2 * common / (len(answer) + len(reference)) if common else 0.0
