"""Which language a document is in: by script where a script has one language, else by function words.

A trained model knows more languages and is surer of a single sentence (py3langid: 97 languages, .998 of texts of 20
words against .918 here; of 200 words .986, since Indonesian is not told from Malay in a fourth of them), but takes 2.5
times as long, 63 MB with numpy, and .8 s to load. What is not sure is "" and never a guess.
Measured in `benchmarks/_prepare/language.py`.
"""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import ClassVar

from slipway_runtime.prepare.document import PreparedDocument
from slipway_runtime.prepare.rules.base import Filter, Finding
from slipway_runtime.prepare.rules.function_words import FUNCTION_WORDS

# How much of a text is looked at, in spots over all of it, which have to agree: a text in two languages is in neither.
SPOTS, SPOT_CHARACTERS = 5, 800
MIN_SPOT_CHARACTERS = 200
MIN_AGREEING = 0.8
WORD = re.compile(r"[^\W\d_]+")
LETTERS = "".join(chr(code).lower() if chr(code).isalpha() else " " for code in range(128))
SCRIPTS = {
    "kana": re.compile(r"[\u3040-\u30ff]"),
    "han": re.compile(r"[\u4e00-\u9fff]"),
    "ko": re.compile(r"[\uac00-\ud7af\u1100-\u11ff]"),
    "arabic": re.compile(r"[\u0600-\u06ff]"),
    "he": re.compile(r"[\u0590-\u05ff]"),
    "el": re.compile(r"[\u0370-\u03ff]"),
    "devanagari": re.compile(r"[\u0900-\u097f]"),
    "bn": re.compile(r"[\u0980-\u09ff]"),
    "ta": re.compile(r"[\u0b80-\u0bff]"),
    "te": re.compile(r"[\u0c00-\u0c7f]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
    "ka": re.compile(r"[\u10a0-\u10ff]"),
    "hy": re.compile(r"[\u0530-\u058f]"),
}
PERSIAN = re.compile(r"[\u067e\u0686\u0698\u06af\u06cc]")
# What other languages of these scripts write and these do not: Urdu, Pashto, Kurdish; Yiddish; Assamese; Kazakh, Tatar.
FOREIGN = {
    "arabic": re.compile(
        r"[\u0671-\u067d\u067f-\u0685\u0687-\u0697\u0699-\u06a8\u06aa-\u06ae\u06b0-\u06bf\u06c1-\u06cb\u06cd-\u06d5]"
    ),
    "he": re.compile(r"[\u05e2\u05f0-\u05f2]"),
    "bn": re.compile(r"[\u09f0\u09f1]"),
}
FOREIGN_SHARE = {"arabic": 0.01, "he": 0.08, "bn": 0.005}  # ayin is a consonant of Hebrew and a vowel of Yiddish
EXTENDED_CYRILLIC = re.compile(r"[\u048a-\u052f]")
HINDI = frozenset("है हैं और के में की को का से पर ने यह भी नहीं था हो कि".split())
HINDI_SHARE = 0.1
KANA_SHARE = PERSIAN_SHARE = 0.05
# Function words: this many, this share of all words, and this much more than the next language.
MIN_HITS = 3
MIN_SHARE = 0.1
MIN_LEAD = 1.1

BY_WORD: dict[str, tuple[str, ...]] = {}
for language, words in FUNCTION_WORDS.items():
    for word in words:
        BY_WORD[word] = (*BY_WORD.get(word, ()), language)


def identify(text: str) -> str:
    """Return the ISO 639-1 code of a text's language, or "" where too little speaks for one, or parts for another."""
    spots = _spots(text)
    found = _identify(" ".join(spots))
    if len(spots) == 1 or not found:
        return found
    votes = Counter(filter(None, map(_identify, spots)))
    return found if votes[found] >= MIN_AGREEING * votes.total() else ""


def _spots(text: str) -> list[str]:
    """Return pieces from all over a text, which are all of it where it is short."""
    count = min(SPOTS, len(text) // MIN_SPOT_CHARACTERS)
    if count < SPOTS:
        return [text]
    each = len(text) // count
    size = min(each, SPOT_CHARACTERS)
    return [text[begin : begin + size] for begin in range((each - size) // 2, each * count, each)]


def _identify(sample: str) -> str:
    if sample.isascii():
        return _by_words(sample)
    script = _script(sample)
    return _by_script(script, sample) if script else _by_words(sample)


def _script(sample: str) -> str:
    """Return the script of most of a text, "" for those that many languages share."""
    letters = sum(map(str.isalpha, sample))
    counts = {script: len(form.findall(sample)) for script, form in SCRIPTS.items()}
    asian = counts["han"] + counts["kana"]
    # A Chinese character says as much as two or three letters.
    if 3 * asian > letters:
        return "kana" if counts["kana"] > KANA_SHARE * asian else "han"
    script, count = max(counts.items(), key=lambda item: item[1])
    return script if 2 * count > letters else ""


def _by_script(script: str, sample: str) -> str:
    count = len(SCRIPTS[script].findall(sample))
    if script in FOREIGN and len(FOREIGN[script].findall(sample)) > FOREIGN_SHARE[script] * count:
        return ""
    match script:
        case "kana" | "han":
            return "ja" if script == "kana" else "zh"
        case "arabic":
            return "fa" if len(PERSIAN.findall(sample)) > PERSIAN_SHARE * count else "ar"
        case "devanagari":
            words = sample.replace("।", " ").split()
            return "hi" if sum(word in HINDI for word in words) > HINDI_SHARE * len(words) else ""
        case _:
            return script


def _by_words(sample: str) -> str:
    found = likely(sample)
    return found[0] if len(found) == 1 else ""


def likely(sample: str) -> list[str]:
    """Return the languages that the function words of a text speak for, best first: those it cannot be told from."""
    if not sample.isascii() and 100 * len(EXTENDED_CYRILLIC.findall(sample)) > len(sample):
        return []
    words = _words(sample)
    found = Counter(filter(BY_WORD.__contains__, words))
    ranked = sorted(_scores(found).items(), key=lambda item: -item[1])
    if not ranked:
        return []
    best, score = ranked[0]
    hits = sum(number for word, number in found.items() if best in BY_WORD[word])
    if hits < MIN_HITS or hits < MIN_SHARE * len(words):
        return []
    return [language for language, each in ranked if language == best or score < MIN_LEAD * each]


def _scores(found: Counter[str]) -> dict[str, float]:
    scores: dict[str, float] = defaultdict(float)
    for word, number in found.items():
        known = BY_WORD.get(word, ())
        for language in known:
            scores[language] += number / len(known)  # a word of many languages says little
    return scores


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
