"""What makes an answer of a model unfit to be learnt from: one function for each decision.

A check returns the verdict, or None where there is nothing to say against the text.
"""

import re
import unicodedata
from collections.abc import Callable

from slipway_runtime.prepare.augment.books import Verdict
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.rules.base import Counts, RuleSet
from slipway_runtime.prepare.rules.language import identify

WORD = re.compile(r"\w+")
LONG_WORD = re.compile(r"[^\W\d_]{4,}")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
MARKS = str.maketrans(
    "\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u2010\u2011\u2012\u2013\u2014\u2212", "'''" + '"""""' + "------"
)
ENDS = " \"'.\u2026"
# Eight words in a row are beyond chance: it is the length of n-gram that GPT-3's authors began to call overlap.
COPIED_WORDS = 8
MAX_COPIED_SHARE = 0.5
PARAPHRASE_GRAM = 4
# A model says most of an answer in the words of its passage; inflection and connecting words may take the rest.
MIN_SUPPORTED_SHARE = 0.5
WITHOUT_BLANKS = ("ja", "th", "zh")


def normal(text: str) -> str:
    """Return a text as quotations are compared: NFKC, lower case, one kind of quote and dash, single blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(MARKS).casefold().split())


def length(name: str, text: str, least: int, most: int) -> Verdict | None:
    """Refuse a text of too few or too many characters."""
    size = len(text.strip())
    if size < least:
        return Verdict("too_short", f"the {name} has {size} characters, at least {least} are wanted")
    if size > most:
        return Verdict("too_long", f"the {name} has {size} characters, at most {most} are wanted")
    return None


def quoted(name: str, quotation: str, text: str) -> Verdict | None:
    """Refuse a quotation that does not stand in the text."""
    if normal(quotation).strip(ENDS) in normal(text):
        return None
    return Verdict("ungrounded", f"the {name} does not stand in the passage")


def numbers(name: str, said: str, text: str) -> Verdict | None:
    """Refuse a statement with numbers that the text does not have."""
    invented = set(NUMBER.findall(normal(said))) - set(NUMBER.findall(normal(text)))
    if not invented:
        return None
    return Verdict("ungrounded", f"the {name} has {len(invented)} number(s) that are not in the passage")


def supported(answer: str, text: str, language: str) -> Verdict | None:
    """Refuse an answer most of whose longer words are not in the text; languages without blanks are not measured."""
    words = set(LONG_WORD.findall(normal(answer)))
    if language in WITHOUT_BLANKS or not words:
        return None
    known = set(LONG_WORD.findall(normal(text)))
    share = len(words & known) / len(words)
    if share >= MIN_SUPPORTED_SHARE:
        return None
    reason = f"{share:.0%} of the answer's words are in the passage, at least {MIN_SUPPORTED_SHARE:.0%} are wanted"
    return Verdict("ungrounded", reason)


def copied(question: str, text: str) -> Verdict | None:
    """Refuse a question that repeats the text: all of it, or so many words in a row."""
    asked, whole = normal(question).rstrip("?\uff1f\u061f .!"), normal(text)
    if asked in whole:
        return Verdict("copies_text", "the question is a stretch of the passage")
    if _grams(asked, COPIED_WORDS) & _grams(whole, COPIED_WORDS):
        return Verdict("copies_text", f"the question repeats {COPIED_WORDS} words of the passage in a row")
    return None


def reworded(paraphrase: str, original: str) -> Verdict | None:
    """Refuse a paraphrase that says the same words in the same order."""
    said, was = normal(paraphrase).strip(ENDS), normal(original).strip(ENDS)
    grams = _grams(said, PARAPHRASE_GRAM)
    share = len(grams & _grams(was, PARAPHRASE_GRAM)) / len(grams) if grams else 0.0
    if said in was or share > MAX_COPIED_SHARE:
        reason = f"{share:.0%} of its sequences of {PARAPHRASE_GRAM} words are the original's"
        return Verdict("copies_text", f"the paraphrase is hardly one: {reason}, at most {MAX_COPIED_SHARE:.0%} may be")
    return None


def same_language(said: str, language: str) -> Verdict | None:
    """Refuse a text that is surely in another language than its document."""
    found = identify(said)
    if found in ("", language) or not language:
        return None
    return Verdict("wrong_language", f"it is in {found!r}, and its document in {language!r}")


def without_personal_data(said: str, rules: RuleSet) -> Verdict | None:
    """Refuse a text in which the rules of the source find what they redact."""
    found = Counts()
    for rule in rules.fresh().text_rules:
        if rule.name != "redact":
            continue
        try:
            found.update(rule.rewrite(said)[1])
        except Rejected:  # names are looked for, and not in this language: nothing may go on unredacted
            return Verdict("contains_personal_data", "names cannot be looked for in its language")
    if not found.total():
        return None
    kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(found.items()))
    return Verdict("contains_personal_data", f"the rules of the source redact {kinds} in it")


def first(*checks: Callable[[], Verdict | None]) -> Verdict | None:
    """Return the first verdict of checks that are made one after the other."""
    return next((verdict for check in checks if (verdict := check())), None)


def _grams(text: str, number: int) -> set[tuple[str, ...]]:
    words = WORD.findall(text)
    return set(zip(*(words[at:] for at in range(number)), strict=False))
