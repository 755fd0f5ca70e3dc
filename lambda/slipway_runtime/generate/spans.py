"""Which sentence of a source a statement of the answer rests on, by the words that they share."""

import re
from typing import NamedTuple

from slipway_runtime.generate.citations import CODE, MARKER
from slipway_runtime.retrieve.atoms import SENTENCE_END

WORD = re.compile(r"\w+")


class Span(NamedTuple):
    """Characters `start` to `end` of a text."""

    start: int
    end: int


def statements(text: str) -> list[tuple[int, str]]:
    """Return (source, statement) for each marker of an answer: the sentence that the marker ends or stands in."""
    found: list[tuple[int, str]] = []
    prose = CODE.sub(lambda match: " " * len(match.group()), text)
    begin, statement = 0, ""
    for match in MARKER.finditer(prose):
        said = [part for part in SENTENCE_END.split(text[begin : match.start()]) if WORD.search(part)]
        # A marker right behind another one belongs to the same statement.
        statement = said[-1].strip() if said else statement
        found += [(int(number), statement) for number in re.findall(r"\d+", match.group(1))]
        begin = match.end()
    return found


def best_sentence(content: str, statement: str) -> Span | None:
    """Return the sentence of `content` that shares most words with the statement (F1), None where none shares any."""
    wanted = _words(statement)
    spans = [(_overlap(wanted, _words(content[span.start : span.end])), span) for span in sentences(content)]
    best = max(spans, key=lambda each: each[0], default=(0.0, Span(0, 0)))
    return best[1] if best[0] > 0 else None


def sentences(content: str) -> list[Span]:
    """Return where the sentences of a text are, in their order, without the white space around them."""
    spans, begin = [], 0
    for end in [*(match.end() for match in SENTENCE_END.finditer(content)), len(content)]:
        piece = content[begin:end]
        left = begin + len(piece) - len(piece.lstrip())
        right = begin + len(piece.rstrip())
        if left < right:
            spans.append(Span(left, right))
        begin = end
    return spans


def _words(text: str) -> set[str]:
    return set(WORD.findall(text.lower()))


def _overlap(one: set[str], other: set[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0
