"""The text as its reader sees it: detectors look at that, and what they find is placed in the text as it stands.

Digits of every script become ASCII ones, typeset hyphens and full-width signs their ASCII ones; what nobody sees, and
the character references of Markdown, give way. The text itself is not rewritten: joiners have their use in Persian,
Indic scripts and emoji.
Source: Unicode Standard, chapter 5.21 (default ignorable code points); HTML standard, "Named character references".
"""

import bisect
import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import accumulate

from slipway_runtime.prepare.redact.span import Span

# Default ignorable code points that cleaning leaves, U+2800, which is blank in most fonts, and the frame of a keycap.
UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20e3\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff"
)
REFERENCES = {
    "nbsp": " ", "ensp": " ", "emsp": " ", "thinsp": " ", "shy": "", "zwj": "", "zwnj": "", "commat": "@",
    "period": ".", "lowbar": "_", "colon": ":", "equals": "=",
}  # fmt: skip
REFERENCE = r"&(?:#(?:[0-9]{2,7}|[xX][0-9a-fA-F]{2,6})|" + "|".join(REFERENCES) + ");"
IN_ASCII = re.compile(REFERENCE)
IN_ANY = re.compile(f"[{UNSEEN}]|{REFERENCE}")
HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2212\uff0d"
SIGNS = {**dict.fromkeys(HYPHENS, "-"), "＠": "@", "﹫": "@", "．": ".", "：": ":", "＝": "=", "＋": "+"}  # noqa: RUF001
# Between digits a point in the middle of the line parts groups; elsewhere it parts words.
POINTS = "·•∙⋅‧・"
WATCHED = re.compile(rf"[{UNSEEN}{''.join(SIGNS)}{POINTS}\d]")
ASCII = bytes(range(128))


class Seen:
    """`text` as it is seen; `place` says where in the text as it stands a finding is."""

    def __init__(self, text: str) -> None:
        self._begins: list[int] = []
        self._ends: list[int] = []
        self._shifts: list[int] = []
        # Which characters there are is asked once: most texts have none of those that matter.
        present = _watched(text)
        has_unseen = IN_ANY.search(present) is not None
        if "&" in text or has_unseen:
            text = self._without(text, IN_ANY if has_unseen else IN_ASCII)
            present = _watched(text)
        self.text = _folded(text, present) if present else text

    def place(self, found: Iterable[Span]) -> Iterator[Span]:
        """Yield the findings where they are in the text as it stands."""
        if not self._ends:
            yield from found
            return
        for start, end, kind in found:
            yield Span(self._at(self._ends, start), self._at(self._begins, end - 1) + 1, kind)

    def _without(self, text: str, hidden: re.Pattern[str]) -> str:
        parts, at, length = [], 0, 0
        for match in hidden.finditer(text):
            shown = _character(match.group())
            parts += [text[at : match.start()], shown]
            length += match.start() - at + len(shown)
            at = match.end()
            # How far the texts are apart: behind what is shown for a finding's start, from it on for a finding's end.
            self._begins.append(length - len(shown))
            self._ends.append(length)
            self._shifts.append(len(match.group()) - len(shown))
        self._shifts = list(accumulate(self._shifts))
        return "".join([*parts, text[at:]]) if at else text

    def _at(self, places: list[int], seen: int) -> int:
        before = bisect.bisect_right(places, seen)
        return seen + self._shifts[before - 1] if before else seen


def _character(hidden: str) -> str:
    if hidden[0] != "&":
        return ""
    name = hidden[1:-1]
    if name[0] != "#":
        return REFERENCES[name]
    code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
    if code == 0xA0:
        return " "
    is_character = 0x20 < code < 0x110000 and not 0xD800 <= code < 0xE000
    return IN_ANY.sub("", chr(code)) if is_character else " "


def _watched(text: str) -> str:
    """Return each character that matters once. What ASCII leaves of a text is short, and UTF-8 without it is UTF-8."""
    if text.isascii():
        return ""
    others = text.encode("utf-8", "surrogatepass").translate(None, ASCII).decode("utf-8", "surrogatepass")
    return "".join(WATCHED.findall("".join(frozenset(others))))


def _folded(text: str, present: str) -> str:
    for character in present:
        shown = SIGNS.get(character) or character
        digit = unicodedata.decimal(character, -1)
        text = text.replace(character, shown if digit < 0 else str(digit))
    if any(point in present for point in POINTS):
        text = re.sub(f"(?<=[0-9])[{POINTS}](?=[0-9])", ".", text)
    return text
