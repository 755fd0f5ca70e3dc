"""What is kept of a conversation: turns, each a question with all that came of it, and a summary of the oldest.

A turn is one row, so that two that run at the same time never mix: they follow each other, whoever ends first.
"""

from __future__ import annotations

import zlib

import msgspec

from slipway_runtime.generate.conversation import Message
from slipway_runtime.retrieve.rank import estimate_tokens

# A row of DynamoDB holds 400 KB, and an answer is to fit beside what was asked.
MAX_QUESTION_BYTES = 256 * 1024
_encode = msgspec.json.Encoder().encode


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """The `number`th turn from 1; `seen`: the last one that its answer knew of; `at`: seconds since 1970.

    `documents`: the ids of those that its answer is made from.
    """

    number: int
    seen: int
    messages: tuple[Message, ...]
    finish_reason: str
    at: int
    documents: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        """Return about how many tokens its messages have."""
        return sum(estimate_tokens(each.text) + 4 for each in self.messages)

    @property
    def answer(self) -> str:
        """Return what the assistant said at its end."""
        return self.messages[-1].text


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation: how many turns it has had, and the summary of those up to `summarised`. Times as in Turn.

    `documents`: the ids of those that the answers in the summary are made from.
    """

    id: str
    turns: int = 0
    summary: str = ""
    summarised: int = 0
    created_at: int = 0
    updated_at: int = 0
    documents: tuple[str, ...] = ()


class Remembered(msgspec.Struct, frozen=True):
    """A conversation with the turns after its summary, the oldest first."""

    head: Head
    turns: tuple[Turn, ...] = ()

    @property
    def documents(self) -> tuple[str, ...]:
        """Return the ids of the documents that it is made from."""
        return tuple(sorted({*self.head.documents, *(each for turn in self.turns for each in turn.documents)}))


def packed(messages: tuple[Message, ...]) -> bytes:
    """Return messages as a row keeps them."""
    return zlib.compress(_encode(messages))


def unpacked(cell: bytes) -> tuple[Message, ...]:
    """Return the messages of a row."""
    return msgspec.json.decode(zlib.decompress(cell), type=tuple[Message, ...])


def size_bytes(messages: tuple[Message, ...]) -> int:
    """Return how many bytes messages have before they are packed."""
    return len(_encode(messages))
