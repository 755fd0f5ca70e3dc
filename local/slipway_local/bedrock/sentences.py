"""Sentences of a document, and how many of a question's words they hold."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from typing import NamedTuple

from .prose import is_bare_link, prose

_STOP = frozenset(
    """
    a about after all also am an and any are as at be because been before being but by can cannot could did do
    does doing during each for from had has have having he her here hers him his how i if in into is it its
    itself just may me might more most must my no nor not of off on once only or other our out over own same
    shall she should so some such than that the their them then there these they this those through to too under
    until up upon us use used using very was we were what when where which while who whom whose why will with
    within would you your many much often long kind
    """.split()  # noqa: SIM905 - a table of words reads best as words
)
_WORD = re.compile(r"[^\W_]+(?:[.'-][^\W_]+)*")
_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])")
_ABBREVIATION = re.compile(
    r"\b(?:e\.g|i\.e|etc|vs|cf|approx|no|fig|mr|mrs|ms|dr|st|inc|ltd|co|[A-Z])\.[\"')\]]*\s*$", re.IGNORECASE
)
_BULLET = re.compile(r"^\s*(?:[-*+•]|\d+[.)])\s+")
_HEADING = re.compile(r"^\s*#{1,6}\s+(?P<title>.+?)\s*#*$")
_SHORTEST = 3  # words; below it a line is a label


class Sentence(NamedTuple):
    """A sentence as it stands in the document, and the title and heading that it stands under."""

    text: str
    context: str

    @property
    def in_context(self) -> str:
        """The sentence with its context before it, which is what is compared with a question."""
        return f"{self.context}: {self.text}" if self.context else self.text


class Question:
    """A question's content words, stemmed lightly; names and numbers among them weigh double."""

    def __init__(self, text: str) -> None:
        self.weights: dict[str, float] = {}
        for position, match in enumerate(_WORD.finditer(text)):
            word = match[0]
            if word.lower() in _STOP:
                continue
            is_name = any(map(str.isdigit, word)) or word.isupper() or (position > 0 and word[0].isupper())
            self.weights[stem(word)] = 2.0 if is_name else 1.0

    @cached_property
    def _total(self) -> float:
        return sum(self.weights.values()) or 1.0

    def overlap(self, sentence: Sentence) -> float:
        """Return the weighted share of the question's words in the sentence, 0 to 1; one in its context counts half."""
        words, around = stems(sentence.text), stems(sentence.context)
        found = sum(
            weight * (1 if word in words else 0.5) for word, weight in self.weights.items() if word in words | around
        )
        return found / self._total

    def repeats(self, sentence: Sentence) -> bool:
        """Return whether the sentence says nothing that the question does not say."""
        said = {stem(match[0]) for match in _WORD.finditer(sentence.text) if match[0].lower() not in _STOP}
        return said <= self.weights.keys()

    def misses_number(self, sentence: Sentence) -> bool:
        """Return whether a number or code of the question is neither in the sentence nor in its context."""
        numbers = {word for word in self.weights if any(map(str.isdigit, word))}
        return bool(numbers - stems(sentence.text) - stems(sentence.context))


def split_sentences(content: str, source: str) -> list[Sentence]:
    """Return the sentences of Markdown-like text. A list item or a table row is one; headings become context."""
    sentences: list[Sentence] = []
    title = re.sub(r"\.\w+\b", "", source.rsplit("/", 1)[-1]).replace("\u203a", " ").replace("-", " ").replace("_", " ")
    title = heading = " ".join(title.split())
    for paragraph in re.split(r"\n\s*\n|\n(?=\s*(?:[-*+•]|\d+[.)]|#{1,6})\s)|\n(?=\s*\|)", prose(content)):
        title_match = _HEADING.match(paragraph.split("\n", 1)[0])
        if title_match:
            heading = f"{title} {title_match['title']}"
            paragraph = paragraph.partition("\n")[2]  # noqa: PLW2901 - the rest of the same block
        text = " ".join(_BULLET.sub("", paragraph).split())
        sentences += [Sentence(part, heading) for part in _split(text) if _can_answer(part)]
    return sentences


def _can_answer(part: str) -> bool:
    """Return whether a sentence may be quoted: labels, questions and bare links may not."""
    long_enough = len(_WORD.findall(part)) >= _SHORTEST
    return long_enough and not part.rstrip("\"'*_)").endswith("?") and not is_bare_link(part)


def content_words(text: str) -> list[str]:
    """Return the words that say what a text is about, each once, in its order: names of things are seldom short."""
    words = (match[0] for match in _WORD.finditer(text) if match[0].lower() not in _STOP)
    return list(dict.fromkeys(word for word in words if len(word) > 3 or any(map(str.isdigit, word))))


def stems(text: str) -> frozenset[str]:
    """Return the stems of all words in `text`."""
    return frozenset(stem(match[0]) for match in _WORD.finditer(text))


def stem(word: str) -> str:
    """Return the word without accents, case and its commonest English endings; numbers and short words stay."""
    plain = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode().lower() or word.lower()
    plain = plain.removesuffix("'s")
    if len(plain) <= 3 or any(map(str.isdigit, plain)):
        return plain
    for ending, rest in (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("ly", "")):
        if plain.endswith(ending) and len(plain) - len(ending) >= 3 and not plain.endswith("ss"):
            plain = plain.removesuffix(ending) + rest
            break
    return plain.removesuffix("e")


def _split(text: str) -> list[str]:
    parts: list[str] = []
    start = 0
    for match in _END.finditer(text):
        if _ABBREVIATION.search(text[start : match.start()]):
            continue
        parts.append(text[start : match.end()].strip())
        start = match.end()
    return [part for part in [*parts, text[start:].strip()] if part]
