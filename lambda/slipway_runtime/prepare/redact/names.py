"""Names of people, through Amazon Comprehend.

English and Spanish go to the detector of personal data, ten more languages to that of entities; a text in any other
language is refused, because nothing may go on unredacted. Errors of the service are not caught: the document comes
again.
Source: Amazon Comprehend API reference, DetectPiiEntities and DetectEntities (100 KB of UTF-8; offsets count code
points); Comprehend developer guide, "Supported languages".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from slipway_runtime.prepare.redact.span import Span
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.rules.language import identify

MAX_BYTES = 100_000
BYTES_PER_CHARACTER = 4
# Pieces of a long text share this much, so that a name at an edge is whole in one of them.
OVERLAP_CHARACTERS = 200
PII_LANGUAGES = ("en", "es")
ENTITY_LANGUAGES = ("fr", "de", "it", "pt", "ar", "hi", "ja", "ko", "zh")
# Few words give no sure language; the service wants one. Headings and titles are in most documents' language.
SHORT_TEXT_CHARACTERS = 400
MIN_SCORE = 0.5


@dataclass(frozen=True, kw_only=True)
class Names:
    """Finds names by the boto3 client `client` of Comprehend."""

    client: Any

    def __call__(self, text: str) -> list[Span]:
        """Return the names in a text.

        Raises: Rejected("names_not_redactable") for a language that Comprehend does not know; the errors of Comprehend.
        """
        if not any(map(str.isalpha, text)):
            return []
        language = identify(text) or ("en" if len(text) <= SHORT_TEXT_CHARACTERS else "")
        if language not in PII_LANGUAGES + ENTITY_LANGUAGES:
            known = ", ".join(PII_LANGUAGES + ENTITY_LANGUAGES)
            found = f"in {language!r}" if language else "in no language that is sure"
            reason = f"names are redacted in this source; Comprehend finds them in {known}, and the text is {found}"
            raise Rejected(
                "names_not_redactable", f'{reason}; take "name" from the kinds of its source or translate it'
            )
        return [
            Span(offset + begin, offset + end, "name")
            for offset, piece in pieces(text)
            for begin, end in self._find(piece, language)
        ]

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
