"""Questions that a passage answers, with the answers and the proof."""

from typing import Any

import msgspec

from slipway_runtime.datasets.example import Message
from slipway_runtime.prepare.augment import checks
from slipway_runtime.prepare.augment.books import Verdict
from slipway_runtime.prepare.augment.tasks.base import Passage, Task, text


class QuestionAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question with its answer, and the passage's own words that prove it."""

    question: str
    answer: str
    evidence: str


class Questions(Task[QuestionAnswer]):
    """Questions that a passage answers."""

    kind = "question"
    name = "record_questions"
    shape = QuestionAnswer

    def instruction(self, number: int) -> str:
        """Return what the model is told to do."""
        return (
            f"Write {number} different question(s) that a reader could ask without having seen the document, and that "
            "it answers. Answer each from the document alone, in a full sentence, with no number or name that is not "
            "in it. Do not copy the document's wording into a question, and do not speak of 'the document'."
        )

    def fields(self) -> dict[str, Any]:
        """Return the JSON schema of each field of an item."""
        return {
            "question": text("The question, in the document's language."),
            "answer": text("Its answer, in the document's language."),
            "evidence": text("The sentence of the document that proves the answer, copied word by word."),
        }

    def refuse(self, item: QuestionAnswer, passage: Passage) -> Verdict | None:
        """Return what is wrong with an item, or None."""
        return checks.first(
            lambda: checks.length("question", item.question, 8, 400),
            lambda: checks.length("answer", item.answer, 2, 1_500),
            lambda: checks.length("evidence", item.evidence, 10, 2_000),
            lambda: checks.quoted("evidence", item.evidence, passage.text),
            lambda: checks.numbers("answer", item.answer, passage.text),
            lambda: checks.supported(item.answer, passage.text, passage.language),
            lambda: checks.copied(item.question, passage.text),
        )

    def words(self, item: QuestionAnswer) -> str:
        """Return question and answer."""
        return f"{item.question}\n{item.answer}"

    def messages(self, item: QuestionAnswer, passage: Passage) -> list[Message]:
        """Return the question and the answer as turns."""
        return [Message("user", item.question.strip()), Message("assistant", item.answer.strip())]
