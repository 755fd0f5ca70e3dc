"""Sets of examples, with versions that never change, and which of them a prompt takes.

Source: Liu et al. 2022, "What Makes Good In-Context Examples for GPT-3?" (https://arxiv.org/abs/2101.06804): examples
near the question help more than fixed ones; the nearest stands last, next to the question.
"""

import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from slipway_runtime.generate.errors import invalid
from slipway_runtime.retrieve.tokens.tokenizer import Tokenizer

MAX_BYTES = 300_000
MAX_EXAMPLES = 200
Text = Annotated[str, Meta(min_length=1, max_length=20_000)]


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a user might say, and what the model should."""

    input: Text
    output: Text


class ExampleSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of one version."""

    examples: Annotated[list[Example], Meta(min_length=1, max_length=MAX_EXAMPLES)]


def encoded(examples: ExampleSet) -> str:
    """Return the one JSON text of a set. Raises: ApiError 400 for one that is too large for a row."""
    body = msgspec.json.encode(examples, order="sorted").decode()
    if len(body.encode()) > MAX_BYTES:
        raise invalid(f"The set has more than {MAX_BYTES} bytes; make two of it.", "examples")
    return body


def within(examples: Iterable[Example], count: int, max_tokens: int, tokenizer: Tokenizer) -> Iterator[Example]:
    """Yield the first `count` examples that fit into the tokens together; one that does not fit is passed over."""
    left = max_tokens
    for example in examples:
        size = tokenizer.count(example.input) + tokenizer.count(example.output)
        if size <= left and count:
            left, count = left - size, count - 1
            yield example


def nearest(examples: Sequence[Example], vectors: Sequence[Sequence[float]], query: Sequence[float]) -> list[Example]:
    """Return the examples by the cosine of their unit vectors with the query's, the nearest first."""
    scores = [sum(map(operator.mul, vector, query)) for vector in vectors]
    return [examples[at] for at in sorted(range(len(examples)), key=lambda at: (-scores[at], at))]
