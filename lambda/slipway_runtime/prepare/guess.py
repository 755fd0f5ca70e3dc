"""The encoding of 8-bit text that declares none: the one by which it reads as a language, if it is only one.

What two encodings make sense of differently is refused: a wrong guess would be indexed, and nobody would see it.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator, Mapping

from slipway_runtime.prepare import alphabets
from slipway_runtime.prepare.rejected import Rejected

SAMPLE_BYTES = 16 * 1024
BEFORE_BYTES = 200
HIGH = re.compile(rb"[\x80-\xff]")
REMEDY = "expected text in UTF-8 (or UTF-16 with a byte-order mark); save the document as UTF-8 and upload it again"
IDEOGRAPHS: Mapping[str, Mapping[str, str]] = {
    "cp932": {"ja": ""},
    "euc_jp": {"ja": ""},
    "gb18030": {"zh": ""},
    "big5hkscs": {"zh": ""},
    "cp949": {"ko": ""},
}
CANDIDATES: Mapping[str, Mapping[str, str]] = {
    "cp1252": alphabets.WESTERN,
    "cp1250": alphabets.CENTRAL,
    "iso8859-2": alphabets.CENTRAL,
    "cp1254": alphabets.TURKISH,
    "cp1257": alphabets.BALTIC,
    "mac-roman": alphabets.WESTERN,
    "cp850": alphabets.WESTERN,
    "cp852": alphabets.CENTRAL,
    "cp1251": alphabets.CYRILLIC,
    "koi8-u": alphabets.CYRILLIC,
    "iso8859-5": alphabets.CYRILLIC,
    "cp866": alphabets.CYRILLIC,
    "cp1253": alphabets.GREEK,
    "iso8859-7": alphabets.GREEK,
    "cp1255": alphabets.HEBREW,
    "cp1256": alphabets.ARABIC,
    "cp874": alphabets.THAI,
    **IDEOGRAPHS,
}
SIGNS = frozenset("€–—’‘“”„‚«»‹›…·•©®™°§¡¿£¥¢²³¹½¼¾±×÷µªº†‡‰¶№\u00a0\u00ad\u200c\u200d\u200e\u200f")
IN_WORDS = frozenset("’‘–—…·®™\u00ad\u200c\u200d")
# Signs and letters that a language does not have, of those beyond ASCII: a few foreign names are in any text.
MAX_STRANGE_SHARE = 0.03
LEAD = 1.25
WORD = re.compile(r"[^\W\d_]+")


def guess(data: bytes) -> str:
    """Return Python's name of the encoding. Raises: Rejected("bad_encoding") if none or more than one makes sense."""
    sample = _sample(data)
    found: dict[str, tuple[str, bool, int]] = {}
    for encoding, languages in CANDIDATES.items():
        if (text := _read(sample, encoding)) and (evidence := _best(text, languages, encoding in IDEOGRAPHS)):
            found.setdefault(text, (encoding, *evidence))
    ranked = sorted(found.values(), key=lambda each: each[1:], reverse=True)
    if not ranked:
        raise Rejected("bad_encoding", f"no known encoding reads the document; {REMEDY}")
    best, second = (*ranked, ("", False, 0))[:2]
    if len(ranked) > 1 and best[1] == second[1] and best[2] < LEAD * max(1, second[2]):
        either = f"the document may be {best[0]} or {second[0]}, and they give different text"
        raise Rejected("bad_encoding", f"{either}; {REMEDY}")
    return best[0]


def _sample(data: bytes) -> bytes:
    """Return the first lines beyond ASCII, long ones from where they are: what speaks for an encoding may come late."""
    lines: list[bytes] = []
    size = 0
    for line in data.splitlines():
        if high := HIGH.search(line):
            start = max(0, high.start() - BEFORE_BYTES)
            lines.append(line[start : start + SAMPLE_BYTES - size])
            size += len(lines[-1]) + 1
            if size >= SAMPLE_BYTES:
                break
    return b"\n".join(lines)


def _read(sample: bytes, encoding: str) -> str:
    """Return the sample as text, "" where the encoding does not read it; the sample may end within a character."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return ""
    return text


def _best(text: str, languages: Mapping[str, str], is_ideographic: bool) -> tuple[bool, int] | None:
    """Return the strongest evidence that a text is in one of the languages, None where it is in none."""
    high = [character for character in text if character > "\x7f"]
    letters = "".join(character for character in "".join(high).lower() if _is_letter(character))
    allowed = MAX_STRANGE_SHARE * len(high) - _out_of_place(text, is_ideographic)
    words = WORD.findall(text.lower())
    weighed = [alphabets.weigh(language, letters, alphabet, words) for language, alphabet in languages.items()]
    return max(((each.is_sure, each.hits) for each in weighed if each.strange <= allowed), default=None)


def _is_letter(character: str) -> bool:
    return character not in SIGNS and unicodedata.category(character)[0] in "LM"


def _out_of_place(text: str, is_ideographic: bool) -> int:
    """Count what no text has: control characters, odd signs, signs within words, capitals after small letters, words of
    two scripts.
    """
    signs = sum(_is_odd(character, is_ideographic) for character in text if character > "\x7f")
    if is_ideographic:
        return signs
    return signs + sum(1 for _ in _odd_pairs(text))


def _is_odd(character: str, is_ideographic: bool) -> bool:
    kind = unicodedata.category(character)
    return kind[0] == "C" if is_ideographic else kind[0] not in "LM" and character not in SIGNS


def _odd_pairs(text: str) -> Iterator[int]:
    before, last = " ", " "
    for index, character in enumerate(text):
        if character > "\x7f" or last > "\x7f":
            if last.islower() and character.isupper():
                yield index
            elif _is_letter(last) and _is_letter(character):
                if (last < "\u0250") != (character < "\u0250"):
                    yield index
            elif character.isalpha() and before.isalpha() and last in SIGNS and last not in IN_WORDS:
                yield index
        before, last = last, character
