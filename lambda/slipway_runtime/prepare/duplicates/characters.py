"""Which characters make words, by a table of code points that no version of Python's or Unicode's data can change."""

import functools

import numpy as np
from numpy.typing import NDArray

SEPARATOR, WORD, ALONE = 0, 1, 2
CODE_POINTS = 0x110000
# Beyond ASCII every character is part of a word but punctuation, symbols and spaces, by block …
SEPARATORS = (
    (0x80, 0xAA),
    (0xAB, 0xB5),
    (0xB6, 0xBA),
    (0xBB, 0xC0),
    (0xD7, 0xD8),
    (0xF7, 0xF8),
    (0x2000, 0x200C),
    (0x200E, 0x2070),
    (0x20A0, 0x20D0),
    (0x2190, 0x2C00),
    (0x2E00, 0x2E80),
    (0x3000, 0x3005),
    (0x3008, 0x3021),
    (0x30FB, 0x30FC),
    (0xD800, 0xF900),
    (0xFE10, 0xFE20),
    (0xFE30, 0xFE70),
    (0xFEFF, 0xFF10),
    (0xFF1A, 0xFF21),
    (0xFF3B, 0xFF41),
    (0xFF5B, 0xFF66),
    (0xFFE0, 0x10000),
)
# … and where words are written without spaces each character counts as one: Thai, Lao, Myanmar, Khmer, kana, Han.
ALONES = (
    (0x0E01, 0x0F00),
    (0x1000, 0x10A0),
    (0x1780, 0x1800),
    (0x2E80, 0x2FE0),
    (0x3005, 0x3008),
    (0x3021, 0x30FB),
    (0x30FC, 0x3130),
    (0x3190, 0x3200),
    (0x3400, 0x4DC0),
    (0x4E00, 0xA000),
    (0xF900, 0xFB00),
    (0x1B000, 0x1B300),
    (0x20000, 0x40000),
)


@functools.cache
def kinds() -> NDArray[np.uint8]:
    """Return SEPARATOR, WORD or ALONE for each code point."""
    table = np.full(CODE_POINTS, WORD, np.uint8)
    ascii_kinds = [WORD if chr(code).isalnum() or chr(code) == "_" else SEPARATOR for code in range(0x80)]
    table[:0x80] = ascii_kinds
    for first, end in SEPARATORS:
        table[first:end] = SEPARATOR
    for first, end in ALONES:
        table[first:end] = ALONE
    return table
