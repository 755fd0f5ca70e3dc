"""From hits to context: threshold, near-duplicates out, token budget."""

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import accumulate

from slipway_runtime.retrieve.stores.contract import Hit

WORD = re.compile(r"\w+")
SHINGLE_WORDS = 5
DUPLICATE_SHARE = 0.8


def above(hits: Iterable[Hit], min_score: float) -> list[Hit]:
    """Return the hits with a cosine similarity of at least `min_score` (0..1), in their order."""
    return [hit for hit in hits if hit.score >= min_score]


def distinct(hits: Iterable[Hit]) -> list[Hit]:
    """Return the hits without those of which at least 80 % of the 5-word shingles stand in a better one.

    Containment rather than Jaccard: overlap makes neighbours share text, and a short copy inside a long chunk adds
    nothing.
    """
    kept: list[tuple[Hit, set[tuple[str, ...]]]] = []
    for hit in hits:
        shingles = _shingles(hit.content)
        if not any(len(shingles & other) >= DUPLICATE_SHARE * len(shingles) for _, other in kept):
            kept.append((hit, shingles))
    return [hit for hit, _ in kept]


def within_budget(hits: Iterable[Hit], max_tokens: int) -> list[Hit]:
    """Return the hits, best first, that fit into `max_tokens` together.

    The best one is always there, cut to the budget where it is larger, since nothing at all would make every question
    unanswerable; another one that does not fit is passed over.
    """
    chosen: list[Hit] = []
    left = max_tokens
    for hit in hits:
        place = estimate_tokens(hit.path + hit.heading) + 20
        tokens = estimate_tokens(hit.content) + place
        if tokens > left and not chosen:
            # A long path must not take all of a small budget.
            return [_cut(hit, max(max_tokens - place, max_tokens // 2))]
        if tokens <= left:
            chosen.append(hit)
            left -= tokens
    return chosen


def _cut(hit: Hit, max_tokens: int) -> Hit:
    content = cut_to_tokens(hit.content, max_tokens)
    end = None if hit.end is None else hit.end - (len(hit.content) - len(content))
    return replace(hit, content=content, end=end)


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has, rather too many than too few.

    Four ASCII characters or one other character to a token: current tokenisers need fewer on English and on most
    scripts.
    """
    others = 0 if text.isascii() else sum(character > "\x7f" for character in text)
    return (len(text) - others + 3) // 4 + others


def cut_to_tokens(text: str, max_tokens: int) -> str:
    """Return the beginning of the text that has at most `max_tokens` by the same estimate, at least one character."""
    quarters = accumulate(1 if character <= "\x7f" else 4 for character in text)
    fitting = sum(1 for used in quarters if used <= 4 * max_tokens)
    return text[: max(1, fitting)]


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = WORD.findall(text.lower())
    return {tuple(words[index : index + SHINGLE_WORDS]) for index in range(max(1, len(words) - SHINGLE_WORDS + 1))}
