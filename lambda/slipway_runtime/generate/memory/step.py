"""The step that remembers: it puts a conversation's turns before the question, and keeps the new one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import msgspec

from slipway_runtime.generate.conversation import Message, ModelRequest
from slipway_runtime.generate.errors import ApiError, invalid
from slipway_runtime.generate.events import Collected, Event, Finish, Note, Started, TextDelta, Usage
from slipway_runtime.generate.exchange import Exchange, Onward
from slipway_runtime.generate.memory.conversations import Conversations, checked_id, digest
from slipway_runtime.generate.memory.summary import Summariser, told, within
from slipway_runtime.generate.memory.turns import MAX_QUESTION_BYTES, Remembered, Turn, size_bytes
from slipway_runtime.generate.mentions import cited
from slipway_runtime.operate.observability import count, logger

KEPT = ("stop", "length")
REPLAYED = "conversation"


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Remembers the exchanges that name a conversation; `of` returns the conversations of an exchange's user."""

    of: Callable[[Exchange], Conversations]
    summariser: Summariser

    def __call__(self, exchange: Exchange, onward: Onward) -> Iterator[Event]:
        """Yield the answer's events, and keep the turn when it has ended well. Raises: ApiError."""
        if not (named := exchange.wishes.get("conversation")):
            yield from onward(exchange)
            return
        identifier = checked_id(str(named), "slipway.conversation")
        before, new = split(exchange.request)
        conversations = self.of(exchange)
        wished = str(exchange.wishes.get("turn") or "")
        with _available():
            done = conversations.done(identifier, digest("given", wished)) if wished else None
            remembered = conversations.recall(identifier)
        exchange.facts.told = remembered.documents
        if done:
            exchange.facts.documents += done.documents
            yield from _again(done, identifier, new)
            return
        key = digest("given", wished) if wished else _key(remembered.head.turns, new)
        messages = (*before, *self._told(remembered), *new)
        request = msgspec.structs.replace(exchange.request, messages=messages)
        whole = Collected()
        for event in onward(replace(exchange, request=request)):
            whole.add(event)
            yield event
        yield Note({"conversation": self._keep(exchange, conversations, remembered, key, (new, whole.whole()))})

    def _told(self, remembered: Remembered) -> tuple[Message, ...]:
        turns = within(remembered.turns, self.summariser.max_tokens)
        return (*told(remembered.head.summary), *(each for turn in turns for each in turn.messages))

    def _keep(
        self,
        exchange: Exchange,
        conversations: Conversations,
        remembered: Remembered,
        key: str,
        said: tuple[tuple[Message, ...], Collected],
    ) -> dict[str, object]:
        new, whole = said
        kept: dict[str, object] = {"id": remembered.head.id}
        # Calls of tools are the middle of a turn, which the client sends again with their results.
        if whole.finish_reason not in KEPT or whole.calls or not whole.text:
            return kept | {"kept": False}
        try:
            messages = (*new, Message("assistant", whole.text))
            documents = cited(exchange.facts, whole.notes)
            turn = conversations.add(remembered.head, key, messages, whole.finish_reason, documents)
        except Exception as error:  # the answer is there already, and says that it is not kept
            count("TurnsNotKept")
            logger.warning("a turn was not kept", extra={"error_type": type(error).__name__})
            return kept | {"kept": False}
        # A turn of others in between is summarised by who reads it first.
        if turn.number == remembered.head.turns + 1:
            now = msgspec.structs.replace(remembered, turns=(*remembered.turns, turn))
            self.summariser.keep_short(conversations, now, exchange.deadline, exchange.facts.spent)
        return kept | {"turn": turn.number, "kept": True}


def split(request: ModelRequest) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """Return what of a request stands before the conversation, and the new turn: from the last of the user on.

    Raises: ApiError 400 where no user says anything, 413 for a turn that is too large to be kept.
    """
    last = max((at for at, each in enumerate(request.messages) if each.role == "user"), default=None)
    if last is None:
        raise invalid("A conversation goes on with a message of the user.", "messages")
    new = request.messages[last:]
    if size_bytes(new) > MAX_QUESTION_BYTES:
        message = f"A turn of a conversation may have {MAX_QUESTION_BYTES} bytes."
        raise ApiError(413, message, code="request_too_large", param="messages")
    return request.messages[:last], new


@contextlib.contextmanager
def _available() -> Iterator[None]:
    """Raises: ApiError 503 for what the table raises."""
    try:
        yield
    except Exception as error:
        logger.error("conversations unavailable", extra={"error_type": type(error).__name__})
        message = "The conversation cannot be read now; try again in a few seconds."
        raise ApiError(503, message, code="conversation_unavailable", retry_after_seconds=2) from error


def _key(seen: int, new: tuple[Message, ...]) -> str:
    return digest("turn", str(seen), msgspec.json.encode(new))


def _again(done: Turn, identifier: str, new: tuple[Message, ...]) -> Iterator[Event]:
    """Yield what a turn was answered before. Raises: ApiError 409 for another turn under its key."""
    if done.messages[:-1] != new:
        message = "This 'slipway.turn' was used for another message of this conversation."
        raise ApiError(409, message, code="idempotency_conflict", param="slipway.turn")
    count("TurnsAnsweredAgain")
    yield Started(REPLAYED)
    yield TextDelta(done.answer)
    yield Finish(done.finish_reason)
    yield Usage(0, 0)
    yield Note({"conversation": {"id": identifier, "turn": done.number, "kept": True, "repeated": True}})
