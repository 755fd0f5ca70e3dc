"""One training example, as every maker of examples writes it and every reader of a dataset finds it.

A line of JSONL is one `Example`. It holds either `messages` (a chat) or `text` (a document to continue training on),
never both, and says what it was made of: `documents`, `source_versions` and `rules` run in parallel, so that the n-th
document is read with its n-th version and rules.
Source: the chat format is TRL's conversational one, https://huggingface.co/docs/trl/dataset_formats
"""

import hashlib
from typing import Literal

import msgspec

# A greeting is no question: what opens a chat is so many words of its user, or more.
OPENING_WORDS = 4
Role = Literal["system", "user", "assistant"]
Origin = Literal["curated", "augmented", "feedback", "label"]


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One turn of a chat."""

    role: Role
    content: str


class Example(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model is trained on, and where it came from.

    `group`: examples of one group never end in two splits; "" lets the documents decide.
    Raises: msgspec.ValidationError, when read, if the parts contradict each other.
    """

    origin: Origin
    documents: list[str]
    source_versions: list[str]
    rules: list[str]
    messages: list[Message] = []
    text: str = ""
    group: str = ""

    def __post_init__(self) -> None:
        """Refuse what has no content, or lineage that does not say what each document was."""
        if bool(self.messages) == bool(self.text):
            raise ValueError("give either messages or text: " + ("both are given" if self.text else "both are empty"))
        if self.messages and not any(message.role == "assistant" for message in self.messages):
            raise ValueError("messages need at least one with role assistant: nothing would be learnt")
        if any(not message.content.strip() for message in self.messages):
            raise ValueError("every message needs content")
        if not len(self.documents) == len(self.source_versions) == len(self.rules):
            raise ValueError("documents, source_versions and rules must have equal length: one of each a document")

    @property
    def example_id(self) -> str:
        """Return the name of the example: 32 hexadecimal digits of the SHA-256 of its line."""
        return hashlib.sha256(self.line()).hexdigest()[:32]

    def line(self) -> bytes:
        """Return the example as one line of canonical JSON: sorted keys, UTF-8, a line feed at the end."""
        return msgspec.json.encode(self, order="sorted") + b"\n"

    def content(self) -> str:
        """Return all words of the example, a line a message."""
        return self.text or "\n".join(message.content for message in self.messages)

    def opening(self) -> str:
        """Return the question that a chat begins with, "" for a text: answers to one question belong together."""
        said: list[str] = []
        for message in self.messages:
            said += message.content.split() if message.role == "user" else []
            if len(said) >= OPENING_WORDS:
                break
        return " ".join(said)

    def texts(self) -> list[str]:
        """Return what is learnt, a text a message, without what a system prompt says to all."""
        return [self.text] if self.text else [each.content for each in self.messages if each.role != "system"]


def read_example(line: bytes) -> Example:
    """Return the example of a line. Raises: msgspec.ValidationError that names the field; DecodeError if no JSON."""
    return msgspec.json.decode(line, type=Example)
