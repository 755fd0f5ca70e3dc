"""Unit vectors small enough for a row, and how near two of them are, in plain Python.

A number takes one byte, and one bit tells its sign: signs alone find the nearest of some hundred rows, and only those
few are compared by their bytes.
Source: Charikar, "Similarity Estimation Techniques from Rounding Algorithms", 2002 (signs estimate the angle).
"""

from __future__ import annotations

import array
import math
import operator
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")
LEVELS = 127


class Packed(NamedTuple):
    """A vector in bytes: the largest number is 127 or -127; `signs` has a bit for each number above 0."""

    values: bytes
    signs: bytes


def pack(vector: Sequence[float]) -> Packed:
    """Return a vector in bytes; its length is lost, its direction stays."""
    largest = max(map(abs, vector)) or 1.0
    values = array.array("b", [round(LEVELS * each / largest) for each in vector])
    signs = int("".join("1" if each > 0 else "0" for each in values), 2)
    return Packed(values.tobytes(), signs.to_bytes((len(values) + 7) // 8, "big"))


def similarity(one: bytes, other: bytes) -> float:
    """Return the cosine of two packed vectors, -1 to 1; 0 for vectors of different lengths."""
    a, b = array.array("b", one), array.array("b", other)
    lengths = math.sqrt(sum(map(operator.mul, a, a)) * sum(map(operator.mul, b, b)))
    return sum(map(operator.mul, a, b)) / lengths if len(a) == len(b) and lengths else 0.0


def nearest(signs: bytes, of: Iterable[tuple[bytes, T]], limit: int) -> list[T]:
    """Return the things whose signs differ least, the nearest first."""
    mine = int.from_bytes(signs, "big")
    differing = [((mine ^ int.from_bytes(each, "big")).bit_count(), thing) for each, thing in of]
    return [thing for _, thing in sorted(differing, key=operator.itemgetter(0))[:limit]]
