"""The stemmer of the analyzer `english`.

Source: M. F. Porter, "An algorithm for suffix stripping", Program 14 (1980); Lucene's PorterStemFilter.
"""

import functools
import re

STEP_2 = (
    ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("bli", "ble"),
    ("alli", "al"), ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"),
    ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"),
    ("iviti", "ive"), ("biliti", "ble"), ("logi", "log"),
)  # fmt: skip
STEP_3 = (("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", ""))
STEP_4 = ("al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate",
          "iti", "ous", "ive", "ize")  # fmt: skip


@functools.lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return the stem of a lower-case word."""
    if len(word) <= 2:
        return word
    word = _step_1(word)
    for steps in (STEP_2, STEP_3):
        word = _replaced(word, steps)
    word = _step_4(word)
    if word.endswith("e") and (_measure(word[:-1]) > 1 or (_measure(word[:-1]) == 1 and not _short(word[:-1]))):
        word = word[:-1]
    return word[:-1] if word.endswith("ll") and _measure(word) > 1 else word


def _step_1(word: str) -> str:
    if word.endswith(("sses", "ies")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    if word.endswith("eed"):
        word = word[:-1] if _measure(word[:-3]) > 0 else word
    elif found := next((end for end in ("ed", "ing") if word.endswith(end) and _vowel(word[: -len(end)])), ""):
        word = word[: -len(found)]
        if word.endswith(("at", "bl", "iz")):
            word += "e"
        elif _double(word) and word[-1] not in "lsz":
            word = word[:-1]
        elif _measure(word) == 1 and _short(word):
            word += "e"
    return f"{word[:-1]}i" if word.endswith("y") and _vowel(word[:-1]) else word


def _replaced(word: str, steps: tuple[tuple[str, str], ...]) -> str:
    found = max((step for step in steps if word.endswith(step[0])), key=lambda step: len(step[0]), default=None)
    if found is None or _measure(word[: -len(found[0])]) == 0:
        return word
    return word[: -len(found[0])] + found[1]


def _step_4(word: str) -> str:
    end = max((each for each in STEP_4 if word.endswith(each)), key=len, default="")
    rest = word[: -len(end)] if end else word
    if not end or _measure(rest) <= 1 or (end == "ion" and not rest.endswith(("s", "t"))):
        return word
    return rest


def _form(word: str) -> str:
    """Return the word as v for each vowel and c for each consonant; y is a vowel after a consonant."""
    form = ""
    for letter in word:
        form += "v" if letter in "aeiou" or (letter == "y" and form.endswith("c")) else "c"
    return form


def _measure(word: str) -> int:
    return len(re.findall("v+c+", _form(word)))


def _vowel(word: str) -> bool:
    return "v" in _form(word)


def _double(word: str) -> bool:
    return len(word) > 1 and word[-1] == word[-2] and _form(word)[-1] == "c"


def _short(word: str) -> bool:
    return _form(word).endswith("cvc") and word[-1] not in "wxy"
