"""Which language a document is in: by script where a script has one language, else by function words.

A trained model knows more languages and is surer of a single sentence (py3langid: 97 languages, .998 of texts of 20
words against .935 here; at 200 words both name practically all), but takes 2.5 times as long, 63 MB with numpy, and
.8 s to load. What is not sure is "" and never a guess.
Measured in `benchmarks/_prepare/language.py`.
"""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import ClassVar

from slipway_runtime.prepare.document import PreparedDocument
from slipway_runtime.prepare.rules.base import Filter, Finding
from slipway_runtime.prepare.rules.function_words import FUNCTION_WORDS

# How much of a text is looked at: its middle is more like the rest than its beginning.
SAMPLE_CHARACTERS = 4_000
WORD = re.compile(r"[^\W\d_]+")
LETTERS = "".join(chr(code).lower() if chr(code).isalpha() else " " for code in range(128))
SCRIPTS = {
    "kana": re.compile(r"[\u3040-\u30ff]"),
    "han": re.compile(r"[\u4e00-\u9fff]"),
    "ko": re.compile(r"[\uac00-\ud7af\u1100-\u11ff]"),
    "arabic": re.compile(r"[\u0600-\u06ff]"),
    "he": re.compile(r"[\u0590-\u05ff]"),
    "el": re.compile(r"[\u0370-\u03ff]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
    "bn": re.compile(r"[\u0980-\u09ff]"),
    "ta": re.compile(r"[\u0b80-\u0bff]"),
    "te": re.compile(r"[\u0c00-\u0c7f]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
    "ka": re.compile(r"[\u10a0-\u10ff]"),
    "hy": re.compile(r"[\u0530-\u058f]"),
}
PERSIAN = re.compile(r"[\u067e\u0686\u0698\u06af\u06cc]")
KANA_SHARE = 0.05
# Function words: this many, this share of all words, and this much more than the next language.
MIN_HITS = 3
MIN_SHARE = 0.1
MIN_LEAD = 1.1

BY_WORD: dict[str, tuple[str, ...]] = {}
for language, words in FUNCTION_WORDS.items():
    for word in words:
        BY_WORD[word] = (*BY_WORD.get(word, ()), language)


def identify(text: str) -> str:
    """Return the ISO 639-1 code of a text's language, or "" where too little speaks for one."""
    spare = max(0, len(text) - SAMPLE_CHARACTERS) // 2
    sample = text[spare : spare + SAMPLE_CHARACTERS]
    return ("" if sample.isascii() else _by_script(sample)) or _by_words(sample)


def _by_script(sample: str) -> str:
    letters = sum(map(str.isalpha, sample))
    counts = {script: len(form.findall(sample)) for script, form in SCRIPTS.items()}
    asian = counts["han"] + counts["kana"]
    # A Chinese character says as much as two or three letters.
    if 3 * asian > letters:
        return "ja" if counts["kana"] > KANA_SHARE * asian else "zh"
    script, count = max(counts.items(), key=lambda item: item[1])
    if 2 * count <= letters:
        return ""
    if script == "arabic":
        return "fa" if len(PERSIAN.findall(sample)) > KANA_SHARE * count else "ar"
    return script


def _by_words(sample: str) -> str:
    words = _words(sample)
    scores: dict[str, float] = defaultdict(float)
    hits: Counter[str] = Counter()
    for word, number in Counter(filter(BY_WORD.__contains__, words)).items():
        known = BY_WORD[word]
        for language in known:
            scores[language] += number / len(known)  # a word of many languages says little
            hits[language] += number
    if not scores:
        return ""
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    (best, score), (_, second) = (*ranked, ("", 0.0))[:2]
    sure = hits[best] >= MIN_HITS and hits[best] >= MIN_SHARE * len(words) and score >= MIN_LEAD * second
    return best if sure else ""


def _words(sample: str) -> list[str]:
    # The table does for ASCII what the pattern does, five times as fast.
    return sample.translate(LETTERS).split() if sample.isascii() else WORD.findall(sample.lower())


@dataclass(frozen=True, kw_only=True)
class AllowedLanguages(Filter):
    """Refuses documents in other languages than those listed; one whose language is not sure is refused too."""

    name: ClassVar[str] = "languages"
    allowed: frozenset[str]

    def refuse(self, document: PreparedDocument) -> Finding | None:
        """Return the finding that names the language and those allowed, or None."""
        if document.language in self.allowed:
            return None
        found = f"in {document.language!r}" if document.language else "in no language that is sure"
        reason = (
            f"the text is {found}, {', '.join(sorted(self.allowed))} is wanted; allow it in the rules of its source"
        )
        return Finding(code="language_not_allowed", reason=reason)
