"""Documents of known similarity, and the index they are claimed from."""

import random
from collections.abc import Callable, Iterator

import pytest
from moto import mock_aws

from support.duplicates import World, new_world, quick_transactions

Make = Callable[..., str]
WORDS = 300


class Texts:
    """Seeded texts of 300 words, and copies of them with some words changed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.vocabulary = ["".join(self.rng.choices("abcdefghijklmnop", k=self.rng.randint(3, 9))) for _ in range(9000)]

    def text(self, words: int = WORDS) -> str:
        return " ".join(self.rng.choices(self.vocabulary, k=words))

    def changed(self, text: str, edits: int) -> str:
        """A copy with `edits` words replaced by new ones, far enough apart that each costs five shingles."""
        words = text.split()
        for place in range(edits):
            words[(place + 1) * len(words) // (edits + 1)] = "new" + "".join(self.rng.choices("qrstuvwxyz", k=9))
        return " ".join(words)


def similarity_after(edits: int, words: int = WORDS) -> float:
    """The Jaccard similarity of a text and its changed copy: each edit replaces five of the shingles."""
    shared = words - 4 - 5 * edits
    return shared / (words - 4 + 5 * edits)


@pytest.fixture
def texts() -> Texts:
    return Texts(11)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    quick_transactions()
    with mock_aws():
        yield new_world()
