"""Texts of known similarity: seeded words, and copies with some of them changed, each of which costs five shingles."""

import random


def text(seed: int, words: int = 240) -> str:
    rng = random.Random(seed)
    return " ".join("".join(rng.choices("abcdefghijklmnop", k=rng.randint(3, 9))) for _ in range(words))


def changed(original: str, edits: int = 1) -> str:
    """A copy with `edits` words replaced; of 240 words, 1 makes .96, 2 .92 and 12 .59."""
    words = original.split()
    for number in range(edits):
        words[(number + 1) * len(words) // (edits + 1)] = f"changed{number}"
    return " ".join(words)
