"""The step that gives answers again: to the same question, and where the settings say so to one that means the same.

It stands before the documents are searched, so that a hit costs neither search nor model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from slipway_runtime.generate.cache.answers import Answers, Kept
from slipway_runtime.generate.cache.askers import Asker
from slipway_runtime.generate.cache.key import Key, cacheable, key
from slipway_runtime.generate.cache.vectors import Packed, pack
from slipway_runtime.generate.events import Collected, Event, Finish, Note, Started, TextDelta, Usage
from slipway_runtime.generate.exchange import Exchange, Onward
from slipway_runtime.operate.observability import count, logger
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.embed import Embedder

ROUTE = "cache"
# A stream is replayed in pieces of about a line.
PIECE_CHARACTERS = 64
# The threshold is calibrated on questions: in a page of text, what is asked hardly moves the vector.
MAX_QUESTION_CHARACTERS = 300
EMBEDDING_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True)
class Semantic:
    """How questions that mean the same are found: by vectors at least `threshold` near, cosine 0..1."""

    embedder: Callable[[], Embedder]
    threshold: float

    def vector(self, text: str, deadline: Deadline) -> Packed:
        """Return the vector of a question. Raises: EmbeddingError."""
        soon = min(deadline, Deadline.after(EMBEDDING_SECONDS), key=lambda each: each.at)
        return pack(self.embedder().embed([text], soon, "query")[0])


@dataclass(frozen=True, kw_only=True)
class Cache:
    """Answers by itself where it can. `epoch` returns how often a tenant's documents have changed."""

    answers: Answers
    epoch: Callable[[str], int]
    semantic: Semantic | None = None

    def __call__(self, exchange: Exchange, onward: Onward) -> Iterator[Event]:
        """Yield the answer's events; what is wrong with the cache is logged, and never an error of the answer."""
        if not cacheable(exchange):
            yield from onward(exchange)
            return
        where, vector, epoch = key(exchange), None, None
        try:
            # Read first: what is answered from older documents must not pass for an answer from newer ones.
            epoch = self.epoch(exchange.tenant) if exchange.documents else 0
            found = self.answers.get(where, epoch)
            how: dict[str, object] = {"cache": "exact"}
            if found is None and self.semantic and comparable(exchange):
                vector = self.semantic.vector(where.text, exchange.deadline)
                near = self.answers.similar(where, vector, self.semantic.threshold, epoch)
                if near:
                    found, how = near[0], {"cache": "semantic", "similarity": round(near[1], 4)}
        except Exception as error:
            _failed(error)
            found = None
        if found is not None:
            count("CacheHits")
            exchange.facts.cache = str(how["cache"])
            exchange.facts.chunks += found.chunks
            exchange.facts.documents += found.documents
            yield from _replay(found, how)
            return
        count("CacheMisses")
        yield Note({"cache": "miss"})
        whole = Collected()
        for event in onward(exchange):
            whole.add(event)
            yield event
        if epoch is not None:
            self._keep(where, whole.whole(), vector, epoch, exchange)

    def _keep(self, where: Key, whole: Collected, vector: Packed | None, epoch: int, exchange: Exchange) -> None:
        # What refuses to answer may know better the next time.
        if whole.finish_reason != "stop" or whole.calls or not whole.text or whole.notes.get("grounded") is False:
            return
        try:
            facts = exchange.facts
            given = tuple(facts.chunks), tuple(facts.documents)
            kept = Kept(whole.text, whole.finish_reason, whole.notes, epoch, whole.route, *given)
            asker = Asker(exchange.user, str(exchange.wishes.get("conversation") or ""))
            self.answers.keep(where, kept, vector, facts.told, asker)
        except Exception as error:
            _failed(error)


def comparable(exchange: Exchange) -> bool:
    """Return whether the last message is a question by itself: short, and not filled into a prompt's template."""
    wishes, last = exchange.wishes, exchange.request.messages[-1]
    return wishes.get("cache") != "exact" and not wishes.get("prompt") and len(last.text) <= MAX_QUESTION_CHARACTERS


def _replay(kept: Kept, how: dict[str, object]) -> Iterator[Event]:
    yield Started(ROUTE)
    for begin in range(0, len(kept.text), PIECE_CHARACTERS):
        yield TextDelta(kept.text[begin : begin + PIECE_CHARACTERS])
    yield Note(kept.notes | how)
    yield Finish(kept.finish_reason)
    yield Usage(0, 0)


def _failed(error: Exception) -> None:
    count("CacheFailures")
    logger.warning("the cache did not answer", extra={"error_type": type(error).__name__})
