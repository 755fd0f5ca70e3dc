"""A question to a grounded answer: retrieve, budget, prompt, converse, check the citations."""

from dataclasses import dataclass, replace
from typing import Protocol

import msgspec

from slipway_runtime.generate.citations import resolve_markers
from slipway_runtime.generate.models import Reply, Sampling, Turn
from slipway_runtime.generate.prompt import NO_ANSWER, conversation, location, system_prompt
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.embed import Embedder
from slipway_runtime.retrieve.rank import above, distinct, within_budget
from slipway_runtime.retrieve.stores.contract import Hit, Query, VectorStore

REFUSAL = "The documents do not contain an answer to this question."
# Near-duplicates and the threshold take hits away, so more are fetched than used.
FETCH_FACTOR = 3
# Titan Text Embeddings V2 takes 8,192 tokens, and no tokeniser makes more tokens of a text than it has bytes of UTF-8.
MAX_SEARCHED_BYTES = 8_000


class Citation(msgspec.Struct, frozen=True):
    """A source of the answer: document path, "page 3" or the heading path, the chunk's text, cosine score 0..1."""

    document: str
    location: str
    text: str
    score: float


class Grounding(msgspec.Struct, frozen=True):
    """Whether the answer rests on documents, and on which."""

    grounded: bool
    citations: list[Citation]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer or a refusal. `dropped_markers` counts citations of sources that were never given."""

    text: str
    grounding: Grounding
    finish_reason: str = "stop"
    input_tokens: int = 0
    output_tokens: int = 0
    hits: int = 0
    dropped_markers: int = 0
    uncited: bool = False


class TextModel(Protocol):
    """Anything that continues a conversation."""

    def converse(self, system: str, turns: list[Turn], sampling: Sampling, deadline: Deadline) -> Reply:
        """Return the reply."""
        ...


@dataclass(frozen=True, kw_only=True)
class Retrieval:
    """How much context a question gets.

    Units: `top_k` chunks at most, `min_score` cosine 0..1, `context_max_tokens` estimated tokens of document text.
    """

    top_k: int
    min_score: float
    context_max_tokens: int


@dataclass(frozen=True, kw_only=True)
class Answerer:
    """Answers from one tenant's documents only."""

    embedder: Embedder
    store: VectorStore
    model: TextModel
    retrieval: Retrieval

    def answer(
        self, tenant: str, turns: list[Turn], instructions: list[str], sampling: Sampling, deadline: Deadline
    ) -> Answer:
        """Return the answer to the last turn, which is the user's; earlier ones are passed on to the model.

        An answer without one valid citation is not shown: nobody could check it. Refusals are answers with grounded
        False.
        Raises: ApiError, EmbeddingError, StoreUnavailable, WrongDimensions.
        """
        *earlier, question = turns
        hits = self.retrieve(tenant, question.text, deadline)
        if not hits:
            return _refusal(hits=0)
        conversed = conversation(earlier, hits, question.text)
        reply = self.model.converse(system_prompt(instructions), conversed, sampling, deadline)
        return _checked(reply, hits, may_be_cut=bool(sampling.stop))

    def retrieve(self, tenant: str, question: str, deadline: Deadline) -> list[Hit]:
        """Return the chunks for the prompt: above the threshold, without near-duplicates, within the budget.

        Of a long message only the last 8,000 bytes are searched for; people paste first and ask at the end. The model
        still gets all of it.
        """
        searched = question.encode()[-MAX_SEARCHED_BYTES:].decode("utf-8", "ignore")
        [vector] = self.embedder.embed([searched], deadline, "query")
        limit = self.retrieval.top_k * FETCH_FACTOR
        found = self.store.search(Query(tenant=tenant, text=searched, vector=vector, limit=limit), deadline)
        best = distinct(above(found, self.retrieval.min_score))[: self.retrieval.top_k]
        return within_budget(best, self.retrieval.context_max_tokens)


def _refusal(*, hits: int, reply: Reply | None = None, dropped: int = 0, uncited: bool = False) -> Answer:
    return Answer(
        text=REFUSAL,
        grounding=Grounding(False, []),
        finish_reason=reply.finish_reason if reply else "stop",
        input_tokens=reply.input_tokens if reply else 0,
        output_tokens=reply.output_tokens if reply else 0,
        hits=hits,
        dropped_markers=dropped,
        uncited=uncited,
    )


def _checked(reply: Reply, hits: list[Hit], *, may_be_cut: bool) -> Answer:
    if reply.text.strip().startswith(NO_ANSWER):
        return _refusal(hits=len(hits), reply=reply)
    cited = resolve_markers(reply.text, len(hits))
    if not cited.used and (may_be_cut or reply.finish_reason == "length"):
        # The caller's own limit took the markers away: that is no refusal, and no grounded answer either.
        return replace(_refusal(hits=len(hits), reply=reply, dropped=cited.dropped, uncited=True), text=cited.text)
    if not cited.used:
        return _refusal(hits=len(hits), reply=reply, dropped=cited.dropped, uncited=True)
    return Answer(
        text=cited.text,
        grounding=Grounding(True, [_citation(hits[number - 1]) for number in cited.used]),
        finish_reason=reply.finish_reason,
        input_tokens=reply.input_tokens,
        output_tokens=reply.output_tokens,
        hits=len(hits),
        dropped_markers=cited.dropped,
    )


def _citation(hit: Hit) -> Citation:
    return Citation(document=hit.path, location=location(hit), text=hit.content, score=round(hit.score, 4))
