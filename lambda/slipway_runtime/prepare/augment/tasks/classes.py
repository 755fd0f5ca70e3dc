"""The class of a document out of a list."""

from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.datasets.example import Message
from slipway_runtime.prepare.augment import checks
from slipway_runtime.prepare.augment.books import Verdict
from slipway_runtime.prepare.augment.tasks.base import Passage, Task, text


class ClassOf(msgspec.Struct, frozen=True, rename={"label": "class"}, forbid_unknown_fields=True):
    """The class of a text, and the words that speak for it."""

    label: str
    evidence: str


@dataclass(frozen=True)
class Classes(Task[ClassOf]):
    """The class of a document out of a list, by a model that was never trained on it."""

    classes: tuple[str, ...]
    kind = "class"
    name = "record_class"
    shape = ClassOf

    def instruction(self, number: int) -> str:
        """Return what the model is told to do."""
        return "Choose the class that fits the document best, and the sentence that speaks for it."

    def fields(self) -> dict[str, Any]:
        """Return the JSON schema of each field of an item."""
        return {
            "class": {"type": "string", "enum": list(self.classes), "description": "The class."},
            "evidence": text("The sentence of the document that speaks for it, copied word by word."),
        }

    def refuse(self, item: ClassOf, passage: Passage) -> Verdict | None:
        """Return what is wrong with an item, or None."""
        if item.label not in self.classes:
            return Verdict("unknown_class", f"the class is none of the {len(self.classes)} that were listed")
        return checks.quoted("evidence", item.evidence, passage.text)

    def words(self, item: ClassOf) -> str:
        """Return nothing: class and evidence are not the model's own words."""
        return ""

    def messages(self, item: ClassOf, passage: Passage) -> list[Message]:
        """Return the text and its class as turns."""
        told = Message("system", f"Name the class of the text: {', '.join(self.classes)}.")
        return [told, Message("user", passage.text), Message("assistant", item.label)]
