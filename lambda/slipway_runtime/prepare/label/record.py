"""The labels of a document: offsets and types, never the words themselves."""

from collections import Counter
from typing import NamedTuple

import msgspec


class Entity(NamedTuple):
    """text[start:end] is of this type. Units: characters (code points) of the curated text; `score` 0 to 1."""

    start: int
    end: int
    type: str
    score: float


class ClassLabel(msgspec.Struct, frozen=True, kw_only=True):
    """The class of a document and who said so; `score` 0 to 1, None where the model gives none."""

    name: str
    by: str
    score: float | None = None


class LabelRecord(msgspec.Struct, kw_only=True):
    """A line of the label file. `misfits`: entities left out because their offsets do not fit the text."""

    document_id: str
    source_version: str
    rules: str
    language: str
    entities: list[Entity] = []
    misfits: int = 0
    classes: list[ClassLabel] = []

    def counts(self) -> dict[str, int]:
        """Return how many of each type, as lineage counts them."""
        types = Counter(f"label.entity.{entity.type.lower()}" for entity in self.entities)
        types.update(f"label.class.{label.name}" for label in self.classes)
        return dict(sorted(types.items()))

    def line(self) -> bytes:
        """Return the record as one line of canonical JSON."""
        return msgspec.json.encode(self, order="sorted") + b"\n"
