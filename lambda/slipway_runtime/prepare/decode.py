"""Bytes to text: byte-order marks, then UTF-8, then UTF-16 without a mark, then a declared or guessed encoding."""

import codecs
import re

from slipway_runtime.prepare.encodings import declared
from slipway_runtime.prepare.guess import REMEDY, guess
from slipway_runtime.prepare.rejected import Rejected

SAMPLE_BYTES = 64 * 1024
# Some logs hold escape sequences; a program read as text is made of them.
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
C1 = re.compile(r"[\x80-\x84\x86-\x9f]")
# Turns on two-byte characters; what follows would pass for ASCII.
ESCAPE = b"\x1b$"
MAX_CONTROL_SHARE = 0.1
# UTF-32's little-endian mark begins with UTF-16's, so it is tried first.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(data: bytes, *, is_named_as_text: bool = False) -> str:
    """Return the text of `data`. Zero bytes in 8-bit text are damage where the name says text, else a sign of binary.

    Raises: Rejected("bad_encoding") if no encoding reads it, Rejected("unsupported_type") if it is not text at all.
    """
    text = _decode(data, is_named_as_text)
    sample = text[:SAMPLE_BYTES]
    if len(CONTROL.findall(sample)) > MAX_CONTROL_SHARE * len(sample):
        raise _binary()
    return text


def _decode(data: bytes, is_named_as_text: bool) -> str:
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return _strict(data, encoding)
    has_zeros = b"\x00" in data
    if has_zeros and (utf16 := _utf16_without_mark(data)):
        return _strict(data, utf16)
    if has_zeros and not is_named_as_text:
        raise _binary()
    if ESCAPE in data and (japanese := _escaped(data)):
        return japanese
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        if has_zeros:
            raise _binary() from None
        return _declared(data) or _strict(data, guess(data))


def _escaped(data: bytes) -> str:
    try:
        return data.decode("iso2022_jp")
    except UnicodeDecodeError:
        return ""


def _binary() -> Rejected:
    expected = "expected PDF, DOCX, HTML, Markdown, text, JSON, JSONL or CSV"
    return Rejected("unsupported_type", f"the content is binary and of no known kind; {expected}; convert it")


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Rejected("bad_encoding", f"the document is not valid {encoding.upper()}; {REMEDY}") from error


def _utf16_without_mark(data: bytes) -> str | None:
    """Name the byte order of UTF-16 by where its zero bytes are, if it is: Latin text has one in every pair."""
    sample = data[:SAMPLE_BYTES]
    pairs = max(1, len(sample) // 2)
    even, odd = sample[::2].count(0) / pairs, sample[1::2].count(0) / pairs
    if odd > 0.3 and even < 0.05:
        return "utf-16-le"
    if even > 0.3 and odd < 0.05:
        return "utf-16-be"
    return None


def _declared(data: bytes) -> str | None:
    """Return the text by the encoding that it declares, None where that reads bytes as nothing or as control signs."""
    encoding = declared(data)
    try:
        text = data.decode(encoding) if encoding else ""
    except UnicodeDecodeError:
        return None
    return None if C1.search(text) else text or None
