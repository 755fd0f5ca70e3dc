"""The books of a run: for each kind of thing, asked = kept + duplicates + rejects, or the run is wrong."""

from typing import Literal

import msgspec

Kind = Literal["question", "paraphrase", "caption", "class", "entities"]
Code = Literal[
    "contains_personal_data",
    "copies_text",
    "cut_off",
    "image_refused",
    "image_too_large",
    "image_type_not_supported",
    "language_not_supported",
    "malformed",
    "no_tool_use",
    "not_curated",
    "not_given",
    "too_long",
    "too_short",
    "ungrounded",
    "unknown_class",
    "withheld",
    "wrong_language",
]


class Verdict(msgspec.Struct, frozen=True):
    """Why something is refused: a stable code, and a reason that names what was measured and never quotes."""

    code: Code
    reason: str


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was asked for and not kept. `item_id` is what it would have had."""

    item_id: str
    document_id: str
    kind: Kind
    code: Code
    reason: str


class Tally(msgspec.Struct, kw_only=True):
    """What became of all that was asked for of one kind; `rejects` counts by code."""

    asked: int = 0
    kept: int = 0
    duplicates: int = 0
    rejects: dict[str, int] = {}

    @property
    def balanced(self) -> bool:
        """Return whether everything asked for is accounted for once."""
        return self.asked == self.kept + self.duplicates + sum(self.rejects.values())

    def add(self, other: "Tally") -> None:
        """Add another tally, such as that of another document."""
        self.asked += other.asked
        self.kept += other.kept
        self.duplicates += other.duplicates
        for code, number in other.rejects.items():
            self.rejects[code] = self.rejects.get(code, 0) + number


class Spent(msgspec.Struct, kw_only=True):
    """What the model was asked for, and what was left unasked because the budget was used up.

    Units: `unasked` counts things as `Tally.asked` does; tokens as the model counted them.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    unasked: int = 0

    def add(self, other: "Spent") -> None:
        """Add what was spent elsewhere."""
        self.calls += other.calls
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.unasked += other.unasked
