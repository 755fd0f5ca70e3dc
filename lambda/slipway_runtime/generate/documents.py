"""The step that grounds an answer: it retrieves, puts the chunks into the prompt, and checks the citations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import msgspec

from slipway_runtime.generate.answer import Answerer, checked
from slipway_runtime.generate.cited_stream import CitedStream
from slipway_runtime.generate.events import Collected, Event, Finish, Note, TextDelta, Usage
from slipway_runtime.generate.exchange import Exchange, Onward
from slipway_runtime.generate.guard.policy import GUARD, Screened
from slipway_runtime.generate.models import Reply, Turn, messages
from slipway_runtime.generate.prompt import conversation, system_prompt
from slipway_runtime.operate.observability import count
from slipway_runtime.retrieve.stores.contract import Hit


@dataclass(frozen=True, kw_only=True)
class Documents:
    """Grounds the exchanges that ask for it; `answerer` returns what retrieves for one, `screen` what may be read."""

    answerer: Callable[[Exchange], Answerer]
    screen: Callable[[str, list[Hit]], Screened] = Screened.all_of

    def __call__(self, exchange: Exchange, onward: Onward) -> Iterator[Event]:
        """Yield the answer's events. Raises: ApiError, EmbeddingError, StoreUnavailable, WrongDimensions."""
        if not exchange.documents:
            yield from onward(exchange)
            return
        answerer, request = self.answerer(exchange), exchange.request
        turns = [Turn(each.role, each.text) for each in request.messages if each.role in ("user", "assistant")]
        *earlier, question = turns
        searched = answerer.searched_for(turns, exchange.deadline)
        hits = answerer.retrieve(exchange.tenant, searched, exchange.deadline, filter=exchange.filter)
        hits, findings = self.screen(exchange.tenant, hits)
        if findings:
            yield Note({GUARD: msgspec.to_builtins(findings)})
        exchange.facts.chunks += [hit.chunk_id for hit in hits]
        exchange.facts.documents += [hit.document_id for hit in hits]
        reply = Collected()
        shown = CitedStream(len(hits))
        if hits:
            instructions = [each.text for each in request.messages if each.role == "system" and each.text]
            asked = messages(system_prompt(instructions), conversation(earlier, hits, question.text))
            grounded = replace(
                exchange,
                request=msgspec.structs.replace(request, messages=asked),
                contexts=tuple(hits),
                question=question.text,
            )
            yield from _shown(onward(grounded), reply, shown)
        whole = reply.whole()
        said = Reply(whole.text, whole.finish_reason, whole.input_tokens, whole.output_tokens) if hits else None
        answer = checked(said, hits, question.text, searched, may_be_cut=bool(request.sampling.stop))
        if rest := shown.rest(answer.text):
            yield TextDelta(rest)
        _count(answer.grounding.grounded, answer.dropped_markers, uncited=answer.uncited, hits=hits)
        yield Note(msgspec.to_builtins(answer.grounding))
        yield Finish(answer.finish_reason)
        if not hits:
            yield Usage(0, 0)


def _shown(events: Iterator[Event], reply: Collected, shown: CitedStream) -> Iterator[Event]:
    """Yield the events with the text as far as it can be shown; the end is kept back until the citations are known."""
    for event in events:
        reply.add(event)
        if isinstance(event, TextDelta):
            if piece := shown.add(event.text):
                yield TextDelta(piece)
        elif not isinstance(event, Finish):
            yield event


def _count(grounded: bool, dropped: int, *, uncited: bool, hits: list[Hit]) -> None:
    count("Answers" if grounded else "Refusals")
    count("CitationsDropped", dropped)
    count("AnswersWithoutCitation", int(uncited))
    count("ChunksGiven", len(hits))
