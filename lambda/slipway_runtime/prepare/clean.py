"""Clean text: one small class per decision, run to a fixed point so that cleaning twice changes nothing.

Unicode is normalised to NFC, not NFKC: NFKC rewrites meaning (x² to x2, ™ to TM), which a document that people quote
must not suffer. The two compatibility forms that do hurt search, ligatures and full-width letters, are folded
by table.
Source: Unicode Standard Annex 15 (normalisation forms), section 1.2.
"""

import functools
import re
import unicodedata
from typing import Protocol

INVISIBLE = (
    0xAD,
    0x61C,
    0x115F,
    0x1160,
    0x180E,
    0x200B,
    0x200E,
    0x200F,
    *range(0x2060, 0x2065),
    0xFEFF,
    0xFFFE,
    0xFFFF,
)
SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}


class Cleaner(Protocol):
    """One decision about text."""

    def __call__(self, text: str) -> str:
        """Return the text with this one thing put right."""
        ...


class DropInvisible:
    """Removes what a reader cannot see: control and zero-width characters, soft hyphens, bidi overrides, tags.

    Tag characters (U+E0000 to U+E007F) and bidi overrides also carry instructions that people do not see but models
    read. The zero-width joiner and non-joiner stay: Persian, Indic scripts and emoji need them. Of variation selectors
    one stays behind what it chooses a form of, an ideograph or, for the first sixteen, a digit or a sign beyond ASCII;
    runs of them, and those behind letters, carry hidden bytes.
    Source: Unicode Standard, chapter 23.4 (variation selectors).
    """

    selectors = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]+")
    table: dict[int, str | None] = {
        **dict.fromkeys(range(0x20)),
        **dict.fromkeys(range(0x7F, 0xA0)),
        **dict.fromkeys(INVISIBLE),
        **dict.fromkeys(range(0x202A, 0x202F)),
        **dict.fromkeys(range(0x2066, 0x206A)),
        **dict.fromkeys(range(0x206A, 0x2070)),
        **dict.fromkeys(range(0xE0000, 0xE0100)),
        **dict.fromkeys(range(0xE01F0, 0xE1000)),
        **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
        **dict.fromkeys(map(ord, SPACES), " "),
        **{ord(ligature): letters for ligature, letters in LIGATURES.items()},
        **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if chr(code).isalnum()},
        0x2028: "\n",
        0x2029: "\n\n",
        0x85: "\n",
        0x0B: "\n",
        0x0C: "\n",
        ord("\n"): "\n",
        ord("\t"): "\t",
    }

    def __call__(self, text: str) -> str:
        """Return the text without invisible characters; a word broken by a soft hyphen at a line's end is joined."""
        text = text.replace("\u00ad\n", "").translate(self.table)
        return text if text.isascii() else self.selectors.sub(self._selected, text)

    @staticmethod
    def _selected(run: re.Match[str]) -> str:
        """Return the one selector of a run that has something to choose, or nothing."""
        before = run.string[run.start() - 1 : run.start()] or " "
        if run.group()[0] <= "\ufe0f":
            return run.group()[0] if ord(before) > 0x7F or before in "0123456789#*" else ""
        is_ideograph = unicodedata.name(before, "").startswith(("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH"))
        return run.group()[0] if is_ideograph else ""


class RepairMojibake:
    """Repairs UTF-8 that was once read as Windows-1252 ("cafÃ©" to "café"), run by run, where the bytes prove it."""

    # The 27 characters that Windows-1252 puts at 0x80 to 0x9F, and Latin-1's continuation range.
    tail = bytes(range(0x80, 0xA0)).decode("cp1252", "ignore") + "".join(map(chr, range(0x80, 0xC0)))
    run = re.compile(f"(?:[\u00c2-\u00df][{tail}]|[\u00e0-\u00ef][{tail}]{{2}}|[\u00f0-\u00f4][{tail}]{{3}})+")

    def __call__(self, text: str) -> str:
        """Return the text with each provable run decoded once more."""
        return self.run.sub(lambda match: self._decode(match.group()), text)

    def _decode(self, run: str) -> str:
        data = b"".join(self._byte(character) for character in run)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return run

    @staticmethod
    def _byte(character: str) -> bytes:
        return bytes([ord(character)]) if ord(character) < 0x100 else character.encode("cp1252")


class NormaliseUnicode:
    """Canonical composition (NFC), of at most 30 combining marks in a row.

    Putting marks in order costs the square of their number. The standard puts 30 far beyond any use in writing, so what
    is past it is dropped; its own way, an invisible joiner between them, would leave in the text what nobody sees.
    Source: Unicode Standard Annex 15, section 13, Stream-Safe Text Format.
    """

    most_marks = 30

    def __call__(self, text: str) -> str:
        """Return the text in NFC."""
        text = _long_mark_runs(self.most_marks).sub(lambda match: match.group()[: self.most_marks], text)
        return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


@functools.cache
def _long_mark_runs(most: int) -> re.Pattern[str]:
    """Match more than `most` characters in a row that have a combining class; made once, in about 10 ms."""
    marks = "".join(filter(unicodedata.combining, map(chr, range(0x300, 0x20000))))
    return re.compile(f"[{marks}]{{{most + 1},}}")


class TidyWhitespace:
    """Unix line ends, no blanks at the end of a line, at most one empty line in a row; indentation stays (code)."""

    line_end = re.compile(r"\r\n?")
    blank_lines = re.compile(r"\n{3,}")

    def __call__(self, text: str) -> str:
        """Return the text with tidy line ends and no empty lines around it."""
        if "\r" in text:
            text = self.line_end.sub("\n", text)
        if " \n" in text or "\t\n" in text or text[-1:] in (" ", "\t"):
            # Not by regular expression: a long run of blanks inside a line would cost its square.
            text = "\n".join(line.rstrip(" \t") for line in text.split("\n"))
        if "\n\n\n" in text:
            text = self.blank_lines.sub("\n\n", text)
        return text.strip("\n")


CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
LINES = TidyWhitespace()
INVISIBLES = DropInvisible()
# Mojibake first: half of its characters are ones that the next step removes.
# Each wrong decoding that a text went through takes one round to repair. A run made for it would take as many rounds as
# it has characters ("ÂÂÂ…©" loses one in each), hence the limit: only such a run is not finished by it.
MAX_ROUNDS = 8
UNICODE: tuple[Cleaner, ...] = (RepairMojibake(), INVISIBLES, NormaliseUnicode())


def clean(text: str) -> str:
    """Return clean text. Pure ASCII, most of most corpora, takes a path that only looks for control characters.

    Measured: the ASCII path is about 20 times as fast as the Unicode one.
    """
    text = LINES(text)
    if text.isascii():
        return LINES(INVISIBLES(text)) if CONTROL.search(text) else text
    for _ in range(MAX_ROUNDS):
        before = text
        for step in UNICODE:
            text = step(text)
        text = LINES(text)
        if text == before:
            break
    return text
