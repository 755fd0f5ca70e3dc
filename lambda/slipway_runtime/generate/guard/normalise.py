"""Text as a detector reads it: without the disguises that a reader or a model sees through.

Source: Unicode Technical Standard 39, "Unicode Security Mechanisms" (confusables, invisible characters).
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Sequence

# Letters of other scripts that look like Latin ones, and digits that stand for letters inside a word.
ALIKE = str.maketrans("аеорсухіјѕԁһӏкмтвнαεορτυικνχ", "aeopcyxijsdhlkmtbhaeoptuiknx")
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
# Characters of the tag block mirror ASCII and show nothing.
TAGGED = re.compile("[\U000e0020-\U000e007e]+")
# A character with the marks that stand on it.
CHARACTER = re.compile(r"(?s:.)[\u0300-\u036f\u3099\u309a]*")
LEET = str.maketrans("0134578@$!", "oieastbasi")
LEET_WORD = re.compile(r"(?<!\S)(?=[^\s]*[a-z])(?=[^\s]*[0-9@$!][a-z])[a-z0-9@$!]{4,24}(?![^\s.,;:?])")
SPACED = re.compile(r"(?<![^\W_])(?:[^\W\d_][ .\-_*]){3,}[^\W\d_](?![^\W_])")
ENCODED = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{24,4000}={0,2}(?![A-Za-z0-9+/=])")


def normalised(text: str) -> str:
    """Return the text in lower case, with look-alikes replaced, invisible characters out, and base64 decoded."""
    if not text.isascii():
        text = TAGGED.sub(lambda match: "".join(chr(ord(each) - 0xE0000) for each in match.group()), text)
        text = unicodedata.normalize("NFKC", INVISIBLE.sub("", text))
    text = ENCODED.sub(_decoded, text).lower()
    if not text.isascii():
        text = "".join(each for each in unicodedata.normalize("NFD", text.translate(ALIKE)) if each.isascii())
    text = SPACED.sub(lambda match: re.sub(r"[ .\-_*]", "", match.group()), text)
    return LEET_WORD.sub(lambda match: match.group().translate(LEET), text)


def folded(text: str) -> tuple[str, Sequence[int]]:
    """Return the text in one case without its disguises, and for each of its places the one in the text; also its end.

    Accents stay, however they are written: in many languages another one is another word.
    """
    if text.isascii():
        return text.lower(), range(len(text) + 1)
    if unicodedata.is_normalized("NFKC", text) and not INVISIBLE.search(text):
        plain = text.casefold().translate(ALIKE)
        if len(plain) == len(text):  # case folding never makes a text shorter, so each is at its place
            return plain, range(len(text) + 1)
    said, places = list[str](), list[int]()
    for character in CHARACTER.finditer(text):
        read = unicodedata.normalize("NFKC", INVISIBLE.sub("", character.group())).casefold().translate(ALIKE)
        said.append(read)
        places += [character.start()] * len(read)
    return "".join(said), [*places, len(text)]


def _decoded(match: re.Match[str]) -> str:
    """Return what base64 text says, after itself: it may be a word and not encoded at all."""
    found = match.group().rstrip("=")
    try:
        plain = base64.b64decode(found + "=" * (-len(found) % 4), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return match.group()
    return f"{match.group()} base64decoded {plain}" if plain.isprintable() else match.group()
