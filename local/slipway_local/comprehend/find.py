"""What the local Comprehend finds: by patterns, checksums and small lists, not by a model. Offsets are characters.

Names are found after a title (Dr, Frau, Mme …) or where a word is one of a list of given names; others are missed.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from slipway_local.bedrock.guardrails import entities

GIVEN_NAMES = (
    "Ahmed|Alice|Anna|Antonio|Carlos|Chen|Claire|Daniel|David|Elena|Emma|Fatima|Hans|Ivan|James|Jane|Jean|John|José|"
    "Juan|Julia|Karl|Laura|Luca|Lucía|Marco|María|Maria|Marie|Mary|Michael|Mohammed|Olga|Paul|Pedro|Peter|Pierre|"
    "Robert|Rosa|Sarah|Sofia|Sophie|Thomas|Wei|William"
)
TITLES = r"(?:Mr|Mrs|Ms|Dr|Prof|Herr|Frau|Sr|Sra|Mme|M|Dott|Sig)"
WORD = r"[A-ZÀ-ÖØ-Þ][\w’'-]*[a-zà-öø-ÿ][\w’'-]*"
NAME = re.compile(
    rf"\b(?:{TITLES}\.?[ \t]+(?P<titled>{WORD}(?:[ \t]{WORD}){{0,2}})|(?:{GIVEN_NAMES})(?:[ \t]{WORD}){{0,2}})\b"
)
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
OTHERS = {
    "DATE": re.compile(rf"\b(?:\d{{4}}-\d\d-\d\d|\d{{1,2}} (?:{MONTHS}) \d{{4}}|(?:{MONTHS}) \d{{1,2}}, \d{{4}})\b"),
    "ORGANIZATION": re.compile(rf"\b{WORD}(?:[ \t]{WORD}){{0,3}},? (?:Inc|Ltd|LLC|GmbH|AG|Corp|S\.A|PLC)\b"),
    "QUANTITY": re.compile(r"\b\d+(?:\.\d+)? ?(?:%|percent|kg|km|hours|days|weeks|years|litres|euros|dollars)(?!\w)"),
}
PII_TYPES = {"CREDIT_DEBIT_CARD_NUMBER": "CREDIT_DEBIT_NUMBER", "US_SOCIAL_SECURITY_NUMBER": "SSN"}
STOP_WORDS = {
    "en": "the and of to is in that it for with as was on are this be at by not",
    "de": "der die und das ist nicht ein eine zu den von mit sich auf für dem im wird",
    "fr": "le la les et des est une dans pour que qui sur pas avec du au ce sont",
    "es": "el los las y que una por con para del se es como más al está pero",
    "it": "il che di è un per non con sono della gli alla anche più nel questo",
    "pt": "o os um uma não com para por que do da em mais ao são você",
}
SCRIPTS = {"ja": r"[\u3040-\u30ff]", "ko": r"[\uac00-\ud7af]", "zh": r"[\u4e00-\u9fff]", "ar": r"[\u0600-\u06ff]",
           "hi": r"[\u0900-\u097f]", "ru": r"[\u0400-\u04ff]", "el": r"[\u0370-\u03ff]"}  # fmt: skip
SURE, LIKELY = 0.99, 0.9


class Found(NamedTuple):
    """A passage: its type, where it is, and how sure the pattern is."""

    type: str
    begin: int
    end: int
    score: float


def personal_data(text: str) -> list[Found]:
    """Return personal data, in order; where passages overlap, the earlier and longer one."""
    found = [Found(PII_TYPES.get(kind, kind), *span, SURE) for kind in entities.ASSESSED
             for span in entities.spans(kind, text)]  # fmt: skip
    return _apart([*found, *(Found("NAME", *span, LIKELY) for span in _names(text))])


def things(text: str) -> list[Found]:
    """Return entities, in order, none of them overlapping."""
    found = [Found(kind, *match.span(), LIKELY) for kind, pattern in OTHERS.items() for match in pattern.finditer(text)]
    return _apart([*found, *(Found("PERSON", *span, LIKELY) for span in _names(text))])


def languages(text: str) -> list[tuple[str, float]]:
    """Return languages and their scores, the likeliest first; `en` where nothing tells."""
    words = re.findall(r"\w+", text.lower())
    counts = {name: sum(word in known.split() for word in words) for name, known in STOP_WORDS.items()}
    counts |= {name: 3 * len(re.findall(pattern, text)) for name, pattern in SCRIPTS.items()}
    total = sum(counts.values())
    if not total:
        return [("en", 0.5)]
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    return [(name, round(count / total, 4)) for name, count in ranked if count / total >= 0.05]


def _names(text: str) -> Iterator[tuple[int, int]]:
    for match in NAME.finditer(text):
        yield match.span("titled") if match["titled"] else match.span()


def _apart(found: list[Found]) -> list[Found]:
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (one.begin, -one.end)):
        if not kept or one.begin >= kept[-1].end:
            kept.append(one)
    return kept
