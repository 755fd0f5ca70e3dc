"""Look-ups as the cache does them: the nearest question of the store that the guard lets pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from benchmarks._cache.questions import Question
from slipway_runtime.generate.cache.facts import Facts, agree, facts
from slipway_runtime.generate.cache.vectors import Packed, pack, similarity

Embed = Callable[[list[str]], Sequence[Sequence[float]]]


class Entry(NamedTuple):
    """A question as the cache keeps it."""

    meaning: str
    vector: Packed
    facts: Facts


class Found(NamedTuple):
    """The nearest question that passed, -1 for none; whether it means the same, and whether any in the store does."""

    similarity: float
    right: bool
    answerable: bool


def entries(questions: Iterable[Question], embed: Embed) -> list[Entry]:
    """Return questions as the cache keeps them."""
    asked = list(questions)
    vectors = embed([each.text for each in asked])
    return [Entry(each.meaning, pack(vector), facts(each.text)) for each, vector in zip(asked, vectors, strict=True)]


def look_up(asked: Entry, store: list[Entry], *, guard: bool) -> Found:
    """Return what the store has for a question."""
    passing = [each for each in store if not guard or agree(asked.facts, each.facts)]
    nears = [(similarity(asked.vector.values, each.vector.values), each.meaning == asked.meaning) for each in passing]
    near, right = max(nears, default=(-1.0, False))
    return Found(near, right, any(each.meaning == asked.meaning for each in store))
