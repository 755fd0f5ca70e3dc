"""A stretch of text that must go, and how stretches that overlap become one."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

Kind = Literal["email", "phone", "card", "iban", "ssn", "ip", "aws_key", "secret", "name"]
# Where two kinds claim the same characters the one with the better proof names them: checksum and structure first.
STRENGTH: tuple[Kind, ...] = ("secret", "aws_key", "iban", "card", "email", "ssn", "ip", "phone", "name")
RANK = {kind: rank for rank, kind in enumerate(STRENGTH)}


class Span(NamedTuple):
    """text[start:end] is of this kind. Units: characters."""

    start: int
    end: int
    kind: Kind


def resolve(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order that do not overlap: those that did are one, so that nothing of either stays readable."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start < merged[-1].end:
            last = merged.pop()
            kind = min(last.kind, span.kind, key=RANK.__getitem__)
            span = Span(last.start, max(last.end, span.end), kind)  # noqa: PLW2901 - the union takes its place
        merged.append(span)
    return merged
