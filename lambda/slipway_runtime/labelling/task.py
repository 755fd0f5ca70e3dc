"""What people are asked about each item, and which answers fit.

A label is a string (single_choice: one of the choices; text: what was written), a list of choices (multiple_choice), or
a list of spans `{"start", "end", "label"}` (span). Units: characters (code points) of the item's text, end exclusive.
"""

from typing import Any, Literal

import msgspec

Kind = Literal["single_choice", "multiple_choice", "text", "span"]
Label = Any  # JSON: what `checked` returned for the task's kind
MAX_CHOICES = 50
MAX_CHOICE_CHARACTERS = 100
MAX_WORDS_CHARACTERS = 10_000
MAX_SPANS = 1_000


class InvalidLabel(ValueError):  # noqa: N818 - says what is wrong
    """A label that does not fit the task: `field` is where, like `label.2.end`; the text never quotes the item."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True, order=True):
    """A part of the item's text that a label belongs to."""

    start: int
    end: int
    label: str


class Task(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question for all items of a job. `choices`: all but `text` need them; for `span` the labels of spans."""

    type: Kind
    question: str
    instructions: str = ""
    choices: list[str] = []

    def __post_init__(self) -> None:
        """Refuse a task that nobody could answer."""
        if not self.question.strip() or len(self.question) > MAX_WORDS_CHARACTERS:
            raise ValueError(f"task.question needs 1 to {MAX_WORDS_CHARACTERS} characters")
        if len(self.instructions) > MAX_WORDS_CHARACTERS:
            raise ValueError(f"task.instructions may have {MAX_WORDS_CHARACTERS} characters at most")
        least = {"text": 0, "span": 1}.get(self.type, 2)
        most = 0 if self.type == "text" else MAX_CHOICES
        if not least <= len(self.choices) <= most or len(set(self.choices)) < len(self.choices):
            raise ValueError(f"task.choices needs {least} to {most} different choices for the type {self.type}")
        if any(not choice.strip() or len(choice) > MAX_CHOICE_CHARACTERS for choice in self.choices):
            raise ValueError(f"each of task.choices needs 1 to {MAX_CHOICE_CHARACTERS} characters")

    def checked(self, label: Any, text: str) -> Label:
        """Return the label in its one canonical form. Raises: InvalidLabel naming the field and the remedy."""
        match self.type:
            case "single_choice":
                return self._choice(label, "label")
            case "multiple_choice":
                return self._choices(label)
            case "text":
                return _words(label)
            case "span":
                return self._spans(label, len(text))

    def _choice(self, value: Any, field: str) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise InvalidLabel(field, f"'{field}' must be one of: {', '.join(self.choices)}.")
        return value

    def _choices(self, label: Any) -> list[str]:
        if not isinstance(label, list):
            raise InvalidLabel("label", "'label' must be a list of choices; an empty one says that none fits.")
        found = {self._choice(value, f"label.{at}") for at, value in enumerate(label)}
        return [choice for choice in self.choices if choice in found]

    def _spans(self, label: Any, length: int) -> list[dict[str, Any]]:
        if not isinstance(label, list) or len(label) > MAX_SPANS:
            raise InvalidLabel("label", f"'label' must be a list of at most {MAX_SPANS} spans; an empty one says none.")
        found = {self._span(value, f"label.{at}", length) for at, value in enumerate(label)}
        return [msgspec.structs.asdict(span) for span in sorted(found)]

    def _span(self, value: Any, field: str, length: int) -> Span:
        try:
            span = msgspec.convert(value, Span)
        except msgspec.ValidationError as error:
            raise InvalidLabel(field, f"'{field}' must be {{start, end, label}}: {error}.") from error
        self._choice(span.label, f"{field}.label")
        if not 0 <= span.start < span.end <= length:
            message = f"'{field}' must lie in the item's {length} characters, with start before end."
            raise InvalidLabel(f"{field}.start" if not 0 <= span.start < length else f"{field}.end", message)
        return span


def _words(label: Any) -> str:
    if not isinstance(label, str) or not label.strip() or len(label) > MAX_WORDS_CHARACTERS:
        raise InvalidLabel("label", f"'label' must be a text of 1 to {MAX_WORDS_CHARACTERS} characters.")
    return label.strip()
