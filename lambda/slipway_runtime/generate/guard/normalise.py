"""Text as a detector reads it: without the disguises that a reader or a model sees through.

Source: Unicode Technical Standard 39, "Unicode Security Mechanisms" (confusables, invisible characters).
"""

import base64
import binascii
import re
import unicodedata

# Letters of other scripts that look like Latin ones, and digits that stand for letters inside a word.
ALIKE = str.maketrans("аеорсухіјѕԁһӏкмтвнαεορτυικνχ", "aeopcyxijsdhlkmtbhaeoptuiknx")
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
# Characters of the tag block mirror ASCII and show nothing.
TAGGED = re.compile("[\U000e0020-\U000e007e]+")
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


def _decoded(match: re.Match[str]) -> str:
    """Return what base64 text says, after itself: it may be a word and not encoded at all."""
    found = match.group().rstrip("=")
    try:
        plain = base64.b64decode(found + "=" * (-len(found) % 4), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return match.group()
    return f"{match.group()} base64decoded {plain}" if plain.isprintable() else match.group()
