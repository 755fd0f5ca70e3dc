"""Sentences of a passage in other words."""

from typing import Any

import msgspec

from slipway_runtime.datasets.example import Message
from slipway_runtime.prepare.augment import checks
from slipway_runtime.prepare.augment.books import Verdict
from slipway_runtime.prepare.augment.tasks.base import Passage, Task, text


class Rewording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch of the passage, and the same in other words."""

    original: str
    paraphrase: str


class Paraphrases(Task[Rewording]):
    """Stretches of a passage in other words."""

    kind = "paraphrase"
    name = "record_paraphrases"
    shape = Rewording

    def instruction(self, number: int) -> str:
        """Return what the model is told to do."""
        return (
            f"Choose {number} different sentence(s) of the document that carry facts, and say each in other words and "
            "another order, with the same meaning, the same numbers and the same names."
        )

    def fields(self) -> dict[str, Any]:
        """Return the JSON schema of each field of an item."""
        return {
            "original": text("The sentence of the document, copied word by word."),
            "paraphrase": text("The same in other words, in the document's language."),
        }

    def refuse(self, item: Rewording, passage: Passage) -> Verdict | None:
        """Return what is wrong with an item, or None."""
        size = len(item.original.strip())
        return checks.first(
            lambda: checks.length("original", item.original, 20, 2_000),
            lambda: checks.length("paraphrase", item.paraphrase, size * 2 // 5, size * 5 // 2),
            lambda: checks.quoted("original", item.original, passage.text),
            lambda: checks.numbers("paraphrase", item.paraphrase, item.original),
            lambda: checks.numbers("original", item.original, item.paraphrase),
            lambda: checks.reworded(item.paraphrase, item.original),
        )

    def words(self, item: Rewording) -> str:
        """Return the paraphrase."""
        return item.paraphrase

    def messages(self, item: Rewording, passage: Passage) -> list[Message]:
        """Return the original and the paraphrase as turns."""
        told = Message("system", "Say the text in other words, in its own language.")
        return [told, Message("user", item.original.strip()), Message("assistant", item.paraphrase.strip())]
