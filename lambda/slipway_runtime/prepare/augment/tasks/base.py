"""What a model can be asked for: how it is asked, what it must answer, and what is wrong with an answer.

Every task asks for one call of its tool with a list `items`. A change to any text here needs another PROMPT_VERSION.
Source: Amazon Bedrock user guide, "Call a tool with the Converse API"; Amazon Nova user guide, "Defining a tool"
(at the top of a schema Nova takes type, properties and required only).
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from slipway_runtime.datasets.example import Message
from slipway_runtime.prepare.augment.books import Kind, Verdict

PROMPT_VERSION = "1"
T = TypeVar("T", bound=msgspec.Struct)


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a document. `language`: ISO 639-1, "" where it is not sure."""

    text: str
    language: str
    ordinal: int = 0


class Task(ABC, Generic[T]):
    """One kind of thing to ask for. `shape` is what an item must be; `name` is the tool's."""

    kind: ClassVar[Kind]
    name: ClassVar[str]
    shape: type[T]

    @abstractmethod
    def instruction(self, number: int) -> str:
        """Return what the model is told to do."""

    @abstractmethod
    def fields(self) -> dict[str, Any]:
        """Return the JSON schema of each field of an item."""

    @abstractmethod
    def refuse(self, item: T, passage: Passage) -> Verdict | None:
        """Return what is wrong with an item, or None."""

    @abstractmethod
    def words(self, item: T) -> str:
        """Return what of an item the model wrote itself, for the checks of language and personal data."""

    def messages(self, item: T, passage: Passage) -> list[Message]:
        """Return the item as a chat to learn from; none where `words` are a text to learn from."""
        return []

    def schema(self, number: int) -> dict[str, Any]:
        """Return the JSON schema of the tool's input for at most `number` items."""
        fields = self.fields()
        item = {"type": "object", "properties": fields, "required": list(fields)}
        items = {"type": "array", "minItems": 1, "maxItems": number, "items": item}
        return {"type": "object", "properties": {"items": items}, "required": ["items"]}


def text(description: str) -> dict[str, Any]:
    """Return the JSON schema of a text."""
    return {"type": "string", "description": description}
