"""Questions by what they mean: several ways to say each, and others that differ in a number, a name or a word.

A set of intents has a topic in every two: each stands beside one that is easily taken for it.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

Ways = tuple[tuple[str, ...], tuple[str, ...]]


class Question(NamedTuple):
    """A question and what it means: two with the same meaning have the same answer."""

    text: str
    meaning: str


class Intents(NamedTuple):
    """Of each intent its values and the ways to ask for one, `{}`; `twists`: with another word, another question."""

    ways: Mapping[str, Ways]
    twists: Mapping[str, Sequence[str]]

    def of(self, names: Sequence[str]) -> Intents:
        """Return some of them."""
        return Intents({each: self.ways[each] for each in names}, {each: self.twists[each] for each in names})


def stored(intents: Intents) -> Iterator[Question]:
    """Yield what was asked before: each intent with the first half of its values, in its first words."""
    for intent, (values, ways) in intents.ways.items():
        for value in values[: len(values) // 2]:
            yield Question(ways[0].format(value), f"{intent}/{value}")


def paraphrases(intents: Intents) -> Iterator[Question]:
    """Yield what was asked before in other words."""
    for intent, (values, ways) in intents.ways.items():
        for value, way in itertools.product(values[: len(values) // 2], ways[1:]):
            yield Question(way.format(value), f"{intent}/{value}")


def near_misses(intents: Intents) -> Iterator[Question]:
    """Yield what was never asked before: other values in all words, and the twists with every value."""
    for intent, (values, ways) in intents.ways.items():
        for value, way in itertools.product(values[len(values) // 2 :], ways):
            yield Question(way.format(value), f"{intent}/{value}")
        for value, (number, twist) in itertools.product(values, enumerate(intents.twists[intent])):
            yield Question(twist.format(value), f"{intent}/twist {number}/{value}")


def halves(intents: Intents, seed: int) -> tuple[Intents, Intents]:
    """Return the intents in two halves, drawn by topic: what is calibrated on one is measured on the other."""
    names = list(intents.ways)
    topics = [names[at : at + 2] for at in range(0, len(names), 2)]
    random.Random(seed).shuffle(topics)
    middle = len(topics) // 2
    one, other = (list(itertools.chain(*part)) for part in (topics[:middle], topics[middle:]))
    return intents.of(one), intents.of(other)
