"""Names of people, through Amazon Comprehend.

English and Spanish go to the detector of personal data, nine more languages to that of entities. A text is judged
stretch by stretch, and each piece of it is sent once for every language that it holds; a text with a stretch in any
other language is refused, because nothing may go on unredacted. Errors of the service are not caught: the document
comes again.
Source: Amazon Comprehend API reference, DetectPiiEntities and DetectEntities (100 KB of UTF-8; offsets count code
points); Comprehend developer guide, "Supported languages".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from slipway_runtime.prepare.redact.span import Span
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.rules.language import identify, likely

MAX_BYTES = 100_000
BYTES_PER_CHARACTER = 4
# Pieces of a long text share this much, so that a name at an edge is whole in one of them.
OVERLAP_CHARACTERS = 200
PII_LANGUAGES = ("en", "es")
ENTITY_LANGUAGES = ("fr", "de", "it", "pt", "ar", "hi", "ja", "ko", "zh")
KNOWN = ", ".join(PII_LANGUAGES + ENTITY_LANGUAGES)
STRETCH_CHARACTERS = 400
# Few words give no sure language; the service wants one. Short texts go as English unless words speak for another one.
SHORT_TEXT_CHARACTERS = 400
# Of a text in a language that is sure so much may be in none that is, like rows of a table.
MAX_UNSURE_SHARE = 0.5
# Languages by letters that no other one has: names among words of another language are in these.
SCRIPTS = {"ar": r"[\u0600-\u06ff]+", "hi": r"[\u0900-\u097f]+", "ko": r"[\uac00-\ud7af]+"}
HAN, KANA = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[\u3040-\u30ff]")
NAME_WORDS = 5
# Three letters in a row that none of the service's languages is written in: Greek, Cyrillic, Hebrew, Thai and others.
UNREADABLE = re.compile(
    r"(?:(?![a-zA-Z\u00aa-\u02ff\u0600-\u06ff\u0750-\u077f\u0900-\u097f\u1100-\u11ff\u1e00-\u1eff\u2071-\u214f\u3005-\u30ff"
    r"\u3130-\u318f\u3400-\u9fff\uac00-\ud7af\uf900-\ufb06\ufb50-\ufefc\uff21-\uffdc])[^\W\d_][^\w\s]?){3}"
)
MIN_SCORE = 0.5


@dataclass(frozen=True, kw_only=True)
class Names:
    """Finds names by the boto3 client `client` of Comprehend."""

    client: Any

    def __call__(self, text: str) -> list[Span]:
        """Return the names in a text.

        Raises: Rejected("names_not_redactable") for a text that holds, of more than a word or two, a language that
        Comprehend does not know; the errors of Comprehend.
        """
        if not any(map(str.isalpha, text)):
            return []
        found = {
            Span(offset + begin, offset + end, "name")
            for offset, piece in pieces(text)
            for language in languages(piece)
            for begin, end in self._find(piece, language)
        }
        return sorted(found)

    def _find(self, piece: str, language: str) -> Iterator[tuple[int, int]]:
        if language in PII_LANGUAGES:
            found = self.client.detect_pii_entities(Text=piece, LanguageCode=language)["Entities"]
            wanted = "NAME"
        else:
            found = self.client.detect_entities(Text=piece, LanguageCode=language)["Entities"]
            wanted = "PERSON"
        for entity in found:
            if (
                entity["Type"] == wanted
                and entity["Score"] >= MIN_SCORE
                and entity["BeginOffset"] < entity["EndOffset"]
            ):
                yield entity["BeginOffset"], entity["EndOffset"]


def languages(text: str) -> list[str]:
    """Return the languages that a text is to be looked at in. Raises: Rejected("names_not_redactable")."""
    if UNREADABLE.search(text):
        raise _refused("in letters of another one, or a part of it")
    ends = [*range(STRETCH_CHARACTERS, len(text) - STRETCH_CHARACTERS // 2, STRETCH_CHARACTERS), len(text)]
    stretches = [text[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]
    found = [[sure] if (sure := identify(stretch)) else likely(stretch) for stretch in stretches]
    known = _by_letters(text).union(*found)
    if found.count([]) > MAX_UNSURE_SHARE * len(found) and len(text) > SHORT_TEXT_CHARACTERS:
        raise _refused("in no language that is sure")
    if others := known.difference(PII_LANGUAGES, ENTITY_LANGUAGES):
        raise _refused(f"in {' or '.join(map(repr, sorted(others)))}, or a part of it")
    return sorted(known) or ["en"]


def _by_letters(text: str) -> set[str]:
    """Return the languages that the letters of a text speak for. Raises: Rejected for Persian, Marathi and such."""
    if text.isascii():
        return set()
    found = {"ja"} if KANA.search(text) else {"zh"} if HAN.search(text) else set[str]()
    for language, form in SCRIPTS.items():
        words = re.findall(form, text)
        if not words:
            continue
        if identify(" ".join(words)) != language and not (language == "hi" and len(words) <= NAME_WORDS):
            raise _refused("in a language whose letters are like those of " + repr(language) + ", or a part of it")
        found.add(language)
    return found


def _refused(found: str) -> Rejected:
    reason = f"names are redacted in this source; Comprehend finds them in {KNOWN}, and the text is {found}"
    return Rejected("names_not_redactable", f'{reason}; take "name" from the kinds of its source or translate it')


def pieces(text: str) -> Iterator[tuple[int, str]]:
    """Yield (offset, piece) of at most 100,000 bytes of UTF-8, cut at a blank where there is one near."""
    start = 0
    while True:
        end = _end_of_piece(text, start)
        yield start, text[start:end]
        if end == len(text):
            return
        start = end - OVERLAP_CHARACTERS


def _end_of_piece(text: str, start: int) -> int:
    end = min(len(text), start + MAX_BYTES)
    while len(text[start:end].encode()) > MAX_BYTES:
        over = len(text[start:end].encode()) - MAX_BYTES
        end -= max(1, over // BYTES_PER_CHARACTER)
    if end < len(text):
        blank = text.rfind(" ", end - OVERLAP_CHARACTERS, end)
        end = blank + 1 if blank >= 0 else end
    return end
