"""Documents of 2 KB with planted near-duplicates whose Jaccard similarity is counted, not estimated."""

import random
import re
from dataclasses import dataclass
from itertools import accumulate

CHARACTERS = 2_000
ORIGINALS = 0.7  # of the documents; the rest repeat one of them, more or less
VOCABULARY = 30_000
MAX_EDITS = 34  # at 5 shingles an edit: down to a similarity of about .3
THRESHOLD = 0.8


@dataclass(frozen=True)
class Planted:
    """A document and what it was made from; `origin` is -1 for an original. `similarity` is of word 5-gram sets."""

    text: str
    origin: int
    similarity: float


def generate(number: int, seed: int = 20_261) -> list[Planted]:
    """Return the corpus, the same for the same number and seed."""
    rng = random.Random(seed)
    words = ["".join(rng.choices("etaoinshrdlcumwfgypbvk", k=rng.randint(2, 9))) for _ in range(VOCABULARY)]
    weights = list(accumulate(1 / (rank + 3) for rank in range(VOCABULARY)))
    originals = [_text(rng, words, weights) for _ in range(round(number * ORIGINALS))]
    corpus = [Planted(text, -1, 0.0) for text in originals]
    for place in range(number - len(originals)):
        origin = rng.randrange(len(originals))
        # A sixth are equal but for case and white space; the others go evenly through the similarities.
        text = (
            _edited(rng, originals[origin], place % MAX_EDITS + 1, words) if place % 6 else _restyled(originals[origin])
        )
        corpus.append(Planted(text, origin, jaccard(originals[origin], text)))
    return corpus


def forms(number: int, seed: int = 20_262) -> list[Planted]:
    """Return filled-in forms, each twice: three quarters of any two are the same, copies are .8 alike or more."""
    rng = random.Random(seed)
    words = ["".join(rng.choices("etaoinshrdlcumwfgypbvk", k=rng.randint(2, 9))) for _ in range(VOCABULARY)]
    form = rng.choices(words, k=300)
    originals = [" ".join(form + rng.choices(words, k=50)) for _ in range(number // 2)]
    copies = [_edited(rng, text, place % 7 + 1, words) for place, text in enumerate(originals)]
    similarities = map(jaccard, originals, copies)
    repeated = [Planted(text, at, each) for at, (text, each) in enumerate(zip(copies, similarities, strict=True))]
    return [*(Planted(text, -1, 0.0) for text in originals), *repeated]


def jaccard(one: str, other: str) -> float:
    """Return the similarity of two documents' sets of word 5-grams, in plain Python."""
    first, second = _shingles(one), _shingles(other)
    return len(first & second) / len(first | second)


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[start : start + 5]) for start in range(len(words) - 4)}


def _text(rng: random.Random, words: list[str], weights: list[float]) -> str:
    chosen = rng.choices(words, cum_weights=weights, k=CHARACTERS // 5)
    lines = [" ".join(chosen[start : start + 15]).capitalize() + "." for start in range(0, len(chosen), 15)]
    return "\n".join(lines)[:CHARACTERS]


def _edited(rng: random.Random, text: str, edits: int, words: list[str]) -> str:
    parts = text.split(" ")
    for place in rng.sample(range(len(parts)), edits):
        parts[place] = rng.choice(words)
    return " ".join(parts)


def _restyled(text: str) -> str:
    return f"  {text.upper()}\n".replace("\n", "\n\n")
