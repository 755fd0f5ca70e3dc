"""Compression: of the chunks for a question, the sentences that matter most, within a token budget.

Sentences stay word for word and in their order, each chunk keeps its number and at least its best sentence where there
is room; what an answer cites still resolves, since a citation is looked up in the whole chunk.
Source: Xu et al., "RECOMP: Improving Retrieval-Augmented LMs with Compression and Selective Augmentation", 2023
(extractive); Carbonell and Goldstein, "The Use of MMR", 1998 (what is new counts, not what is said twice).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec

from slipway_runtime.generate.events import Event
from slipway_runtime.generate.exchange import Exchange, Onward
from slipway_runtime.generate.prompt import user_message
from slipway_runtime.generate.spans import Span, sentences
from slipway_runtime.operate.observability import count
from slipway_runtime.retrieve.rank import estimate_tokens
from slipway_runtime.retrieve.stores.contract import Hit

WORD = re.compile(r"\w+")
GAP = " … "
# What a chunk's own rank is worth beside the words of a sentence.
RANK_WEIGHT = 0.5
# A table row or a line of code means little alone: what is no prose is kept whole or left out.
BLOCK = re.compile(r"```|~~~|^\|", re.MULTILINE)


class Piece(NamedTuple):
    """A sentence of the `hit`th chunk."""

    hit: int
    span: Span
    text: str


@dataclass(frozen=True)
class Excerpt:
    """What is left of a chunk: `spans` are characters of `hit.content`, in their order."""

    hit: Hit
    spans: tuple[Span, ...]

    @property
    def text(self) -> str:
        """Return the kept sentences, with a mark where something was left out between them."""
        text, end = "", 0
        for at, span in enumerate(self.spans):
            between = self.hit.content[end : span.start]
            text += (between if not between.strip() else GAP) if at else ""
            text += self.hit.content[span.start : span.end]
            end = span.end
        return text

    @property
    def shown(self) -> Hit:
        """Return the chunk as the model is to see it."""
        return replace(self.hit, content=self.text)


def compress(hits: Sequence[Hit], question: str, max_tokens: int) -> list[Excerpt]:
    """Return an excerpt of each hit, in their order, whose texts have at most `max_tokens` estimated tokens together.

    A hit that nothing is left of has no spans. Where everything fits, everything but repetitions stays.
    """
    pieces = list(_fresh(hits))
    scores = _scores(pieces, question)
    # First the best of each chunk, then whatever is best.
    best = {piece.hit: piece for piece in sorted(pieces, key=lambda piece: scores[piece])}
    firsts = [best[at] for at in sorted(best)]
    ranked = sorted(set(pieces) - set(firsts), key=lambda piece: (-scores[piece], piece.hit, piece.span))
    return _chosen(hits, [*firsts, *ranked], max_tokens)


def _pieces(content: str) -> list[Span]:
    if BLOCK.search(content):
        return [Span(0, len(content))] if content.strip() else []
    return sentences(content)


def _fresh(hits: Sequence[Hit]) -> Iterator[Piece]:
    """Yield the sentences of all chunks but those that one before says word for word: chunks overlap."""
    seen: set[str] = set()
    for at, hit in enumerate(hits):
        for span in _pieces(hit.content):
            text = hit.content[span.start : span.end]
            if (said := " ".join(text.casefold().split())) not in seen:
                seen.add(said)
                yield Piece(at, span, text)


def _scores(pieces: list[Piece], question: str) -> dict[Piece, float]:
    """Return what each sentence is worth: the question's words in it, the rarer the more, and its chunk's rank."""
    words = {piece: frozenset(_words(piece.text)) for piece in pieces}
    spread = Counter(word for each in words.values() for word in each)
    asked = frozenset(_words(question))

    def worth(piece: Piece) -> float:
        found = sum(math.log(1 + len(pieces) / spread[word]) for word in asked & words[piece])
        return found / math.sqrt(len(words[piece]) or 1) + RANK_WEIGHT / (1 + piece.hit)

    return {piece: worth(piece) for piece in pieces}


def _chosen(hits: Sequence[Hit], ranked: list[Piece], max_tokens: int) -> list[Excerpt]:
    excerpts = [Excerpt(hit, ()) for hit in hits]
    sizes, left = [0] * len(hits), max_tokens
    for piece in ranked:
        grown = replace(excerpts[piece.hit], spans=tuple(sorted((*excerpts[piece.hit].spans, piece.span))))
        size = estimate_tokens(grown.text)
        if size - sizes[piece.hit] <= left:
            left -= size - sizes[piece.hit]
            excerpts[piece.hit], sizes[piece.hit] = grown, size
    return excerpts


def _words(text: str) -> list[str]:
    return WORD.findall(text.casefold())


@dataclass(frozen=True, kw_only=True)
class Compress:
    """The step: what was retrieved for an exchange is shown to the model in at most `max_tokens` estimated tokens."""

    max_tokens: int

    def __call__(self, exchange: Exchange, onward: Onward) -> Iterator[Event]:
        """Return the answer's events."""
        *before, last = exchange.request.messages
        whole = user_message(list(exchange.contexts), exchange.question)
        tokens = sum(estimate_tokens(hit.content) for hit in exchange.contexts)
        if tokens <= self.max_tokens or not last.text.endswith(whole):
            return onward(exchange)
        excerpts = compress(exchange.contexts, exchange.question, self.max_tokens)
        count("TokensCompressed", tokens - sum(estimate_tokens(each.text) for each in excerpts))
        shorter = user_message([each.shown for each in excerpts], exchange.question)
        messages = (*before, msgspec.structs.replace(last, text=last.text.removesuffix(whole) + shorter))
        return onward(replace(exchange, request=msgspec.structs.replace(exchange.request, messages=messages)))
