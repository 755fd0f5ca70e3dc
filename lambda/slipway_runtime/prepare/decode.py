"""Bytes to text: byte-order marks, then UTF-8, then UTF-16 without a mark, then a declared or guessed encoding."""

import codecs
import re

from slipway_runtime.prepare.rejected import Rejected

SAMPLE_BYTES = 64 * 1024
# Some logs hold escape sequences; a program read as text is made of them.
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
MAX_CONTROL_SHARE = 0.1
# UTF-32's little-endian mark begins with UTF-16's, so it is tried first.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DECLARED = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([a-zA-Z0-9_.:-]{2,40})""", re.IGNORECASE)
REMEDY = "expected text in UTF-8 (or UTF-16 with a byte-order mark); save the document as UTF-8 and upload it again"


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
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        if has_zeros:
            raise _binary() from None
        return _declared(data) or _guessed(data)


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
    match = DECLARED.search(data[:4096])
    if match is None:
        return None
    try:
        return data.decode(match.group(1).decode("ascii"))
    except (LookupError, UnicodeError):  # "undefined" is the name of a codec that always fails
        return None


def _guessed(data: bytes) -> str:
    """Prefer Windows-1252 where the guess finds it as plausible as its best: it is what Western files really are."""
    from charset_normalizer import from_bytes  # noqa: PLC0415 - 15 ms that UTF-8 documents need not pay

    matches = from_bytes(data[:SAMPLE_BYTES], preemptive_behaviour=False)
    best = matches.best()
    if best is None:
        raise Rejected("bad_encoding", f"no known encoding reads the document; {REMEDY}")
    candidates = [match for match in matches if match.chaos <= best.chaos]
    western = any({"cp1252", "latin_1"} & {match.encoding, *match.could_be_from_charset} for match in candidates)
    try:
        return data.decode("cp1252" if western else best.encoding)
    except UnicodeDecodeError:
        return _strict(data, best.encoding)
