"""The questions of an evaluation: JSON Lines that people write, checked line by line."""

import functools
from collections.abc import Iterable, Sequence

import msgspec

from slipway_runtime.evaluate.ranking import Ranking
from slipway_runtime.retrieve import filters
from slipway_runtime.retrieve.stores.contract import Hit

MAX_QUESTIONS = 1_000
MAX_QUESTION_CHARACTERS = 8_000
MAX_SHOWN = 20


class InvalidQuestions(ValueError):  # noqa: N818 - says what is wrong
    """The file cannot be used; the text names the lines and what is wrong in each."""


class Relevant(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What search should find: a document by its path, a passage by words that the chunk holds, or both together."""

    document: str = ""
    passage: str = ""

    def held_by(self, hit: Hit) -> bool:
        """Return whether a hit is this; case and white space do not count."""
        return self.document in ("", hit.path) and _fold(self.passage) in _fold(hit.content)


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A question, what search should find for it, and answers that are right, any of them.

    `answerable` false: the documents do not hold the answer, and only a refusal is right. `filter`: as in a search.
    """

    question: str
    relevant: list[Relevant] = []
    answers: list[str] = []
    answerable: bool = True
    filter: dict[str, object] | None = None

    def ranking(self, hits: Sequence[Hit]) -> Ranking:
        """Return which of the relevant items each hit covers."""
        return [frozenset(n for n, item in enumerate(self.relevant) if item.held_by(hit)) for hit in hits]

    @property
    def parsed_filter(self) -> filters.Filter | None:
        """Return the filter. Raises: InvalidFilter."""
        return None if self.filter is None else filters.parse(self.filter)


def read(lines: Iterable[bytes]) -> list[Question]:
    """Return the questions of JSON Lines; empty lines are passed over.

    Raises: InvalidQuestions naming every line that cannot be used, the first 20 of them.
    """
    questions: list[Question] = []
    problems: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            questions.append(_question(line))
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            problems.append(f"line {number}: {error}")
    if not questions and not problems:
        problems.append("the file holds no question")
    if len(questions) > MAX_QUESTIONS:
        problems.append(f"the file holds {len(questions)} questions, at most {MAX_QUESTIONS} are evaluated in a run")
    if problems:
        more = [f"and {len(problems) - MAX_SHOWN} more"] if len(problems) > MAX_SHOWN else []
        raise InvalidQuestions("; ".join([*problems[:MAX_SHOWN], *more]))
    return questions


def _question(line: bytes) -> Question:
    found = msgspec.json.decode(line, type=Question)
    if not found.question.strip():
        raise ValueError("`question` is empty")
    if len(found.question) > MAX_QUESTION_CHARACTERS:
        raise ValueError(f"`question` has {len(found.question)} characters, at most {MAX_QUESTION_CHARACTERS} are read")
    for number, item in enumerate(found.relevant):
        if not item.document.strip() and not item.passage.strip():
            raise ValueError(f"`relevant[{number}]` names neither a `document` nor a `passage`")
    if not found.answerable and (found.relevant or found.answers):
        raise ValueError("`answerable` is false, so neither `relevant` nor `answers` may be given")
    if found.answerable and not found.relevant and not found.answers:
        raise ValueError("neither `relevant` nor `answers` is given, so nothing could be measured")
    if not all(answer.strip() for answer in found.answers):
        raise ValueError("one of the `answers` is empty")
    _ = found.parsed_filter
    return found


@functools.lru_cache(maxsize=4096)
def _fold(text: str) -> str:
    return " ".join(text.split()).casefold()
