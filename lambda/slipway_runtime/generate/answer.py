"""A question to a grounded answer: retrieve, budget, prompt, converse, check the citations."""

from dataclasses import dataclass, replace

import msgspec

from slipway_runtime.generate.citations import Cited, resolve_markers
from slipway_runtime.generate.models import Reply, Sampling, TextModel, Turn
from slipway_runtime.generate.prompt import NO_ANSWER, conversation, location, system_prompt
from slipway_runtime.generate.rewrite import standalone
from slipway_runtime.generate.spans import Span, best_sentence, statements
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.filters import Filter
from slipway_runtime.retrieve.rank import above, distinct, within_budget
from slipway_runtime.retrieve.search import Searcher, Wanted
from slipway_runtime.retrieve.stores.contract import Hit

REFUSAL = "The documents do not contain an answer to this question."
# Near-duplicates and the threshold take hits away, so more are fetched than used.
FETCH_FACTOR = 3


class Quote(msgspec.Struct, frozen=True):
    """A sentence that the answer rests on: characters `start` to `end` of the document's curated text."""

    text: str
    start: int
    end: int


class Citation(msgspec.Struct, frozen=True, omit_defaults=True):
    """A source of the answer: document path, "page 3" or the heading path, the chunk's text, cosine score 0..1.

    `start` and `end` are the chunk's characters in the document's curated text, None where the store does not know;
    `quotes` the sentences of it that statements of the answer rest on.
    """

    document: str
    location: str
    text: str
    score: float
    chunk_id: str = ""
    start: int | None = None
    end: int | None = None
    quotes: list[Quote] = []


class Grounding(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the answer rests on documents, and on which; `searched_for`: what a follow-up was rewritten to."""

    grounded: bool
    citations: list[Citation]
    searched_for: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer or a refusal. `dropped_markers` counts citations of sources that were never given.

    `contexts` are the chunks that the model was given.
    """

    text: str
    grounding: Grounding
    finish_reason: str = "stop"
    input_tokens: int = 0
    output_tokens: int = 0
    contexts: tuple[Hit, ...] = ()
    dropped_markers: int = 0
    uncited: bool = False

    @property
    def hits(self) -> int:
        """Return how many chunks the model was given."""
        return len(self.contexts)


@dataclass(frozen=True, kw_only=True)
class Retrieval:
    """How much context a question gets.

    Units: `top_k` chunks at most, `min_score` cosine 0..1, `context_max_tokens` estimated tokens of document text.
    `rewrite`: let the model make follow-ups understandable alone.
    """

    top_k: int
    min_score: float
    context_max_tokens: int
    rewrite: bool = True


@dataclass(frozen=True, kw_only=True)
class Answerer:
    """Answers from one tenant's documents only."""

    searcher: Searcher
    model: TextModel
    retrieval: Retrieval

    def answer(
        self,
        tenant: str,
        turns: list[Turn],
        instructions: list[str],
        sampling: Sampling,
        deadline: Deadline,
        *,
        filter: Filter | None = None,
    ) -> Answer:
        """Return the answer to the last turn, which is the user's; earlier ones are passed on to the model.

        An answer without one valid citation is not shown: nobody could check it. Refusals are answers with grounded
        False.
        Raises: ApiError, EmbeddingError, StoreUnavailable, WrongDimensions.
        """
        *earlier, question = turns
        searched = self.searched_for(turns, deadline)
        hits = self.retrieve(tenant, searched, deadline, filter=filter)
        reply = None
        if hits:
            conversed = conversation(earlier, hits, question.text)
            reply = self.model.converse(system_prompt(instructions), conversed, sampling, deadline)
        return checked(reply, hits, question.text, searched, may_be_cut=bool(sampling.stop))

    def searched_for(self, turns: list[Turn], deadline: Deadline) -> str:
        """Return what to search for: the last turn, made understandable alone."""
        *earlier, question = turns
        return standalone(earlier, question.text, self.model, deadline) if self.retrieval.rewrite else question.text

    def retrieve(self, tenant: str, question: str, deadline: Deadline, *, filter: Filter | None = None) -> list[Hit]:
        """Return the chunks for the prompt: above the threshold, without near-duplicates, within the budget."""
        wanted = Wanted(text=question, limit=self.retrieval.top_k * FETCH_FACTOR, filter=filter)
        found = self.searcher.search(tenant, wanted, deadline)
        best = distinct(above(found, self.retrieval.min_score))[: self.retrieval.top_k]
        return within_budget(best, self.retrieval.context_max_tokens)


def checked(reply: Reply | None, hits: list[Hit], question: str, searched: str, *, may_be_cut: bool) -> Answer:
    """Return the answer that a reply is, or the refusal; `reply` is None where there was nothing to ask about."""
    answer = _checked(reply, hits, may_be_cut=may_be_cut) if reply else _refusal(hits)
    if searched == question:
        return answer
    return replace(answer, grounding=msgspec.structs.replace(answer.grounding, searched_for=searched))


def _refusal(hits: list[Hit], *, reply: Reply | None = None, dropped: int = 0, uncited: bool = False) -> Answer:
    return Answer(
        text=REFUSAL,
        grounding=Grounding(False, []),
        finish_reason=reply.finish_reason if reply else "stop",
        input_tokens=reply.input_tokens if reply else 0,
        output_tokens=reply.output_tokens if reply else 0,
        contexts=tuple(hits),
        dropped_markers=dropped,
        uncited=uncited,
    )


def _checked(reply: Reply, hits: list[Hit], *, may_be_cut: bool) -> Answer:
    if reply.text.strip().startswith(NO_ANSWER):
        return _refusal(hits, reply=reply)
    cited = resolve_markers(reply.text, len(hits))
    if not cited.used and (may_be_cut or reply.finish_reason == "length"):
        # The caller's own limit took the markers away: that is no refusal, and no grounded answer either.
        return replace(_refusal(hits, reply=reply, dropped=cited.dropped, uncited=True), text=cited.text)
    if not cited.used:
        return _refusal(hits, reply=reply, dropped=cited.dropped, uncited=True)
    return Answer(
        text=cited.text,
        grounding=Grounding(True, _citations(cited, hits)),
        finish_reason=reply.finish_reason,
        input_tokens=reply.input_tokens,
        output_tokens=reply.output_tokens,
        contexts=tuple(hits),
        dropped_markers=cited.dropped,
    )


def _citations(cited: Cited, hits: list[Hit]) -> list[Citation]:
    said: dict[int, list[str]] = {}
    for number, statement in statements(cited.text):
        said.setdefault(number, []).append(statement)
    return [_citation(hits[used - 1], said.get(number, [])) for number, used in enumerate(cited.used, 1)]


def _citation(hit: Hit, said: list[str]) -> Citation:
    spans = [best_sentence(hit.content, statement) for statement in said]
    return Citation(
        document=hit.path,
        location=location(hit),
        text=hit.content,
        score=round(hit.score, 4),
        chunk_id=hit.chunk_id,
        start=hit.start,
        end=hit.end,
        quotes=[quote for span in dict.fromkeys(spans) if span and (quote := _quote(hit, span))],
    )


def _quote(hit: Hit, span: Span) -> Quote | None:
    """Return a sentence of a chunk with its place in the document, None where the chunk does not say or repeats it."""
    if hit.start is None or hit.end is None:
        return None
    # The chunk may begin with the header row of a table that it continues.
    repeated = len(hit.content) - (hit.end - hit.start)
    if span.end <= repeated:
        return None
    start = max(span.start, repeated)
    return Quote(hit.content[start : span.end], hit.start + start - repeated, hit.start + span.end - repeated)
