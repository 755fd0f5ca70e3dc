"""A stand-in for a language model that quotes: the sentences of the prompt's documents that answer its question.

It writes nothing of its own, says that it is a stand-in, and answers `NO_ANSWER` when no sentence supports an answer.
It understands prompts with `<document index="1">…<document_content>…</document_content></document>` and
`<question>…</question>`. A tool that it must call gets an input made of the same sentences.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING, NamedTuple

from ..aws_json import validation_error
from .converse import Conversation, Reply
from .fill import Filler
from .sentences import Question, Sentence, split_sentences
from .stream import pieces
from .tools import Tool, ToolUse, new_id

if TYPE_CHECKING:
    from .embedder import Embedder

NOTE = "(Extractive stand-in: sentences quoted from the documents, no language model.)"
NO_ANSWER = "NO_ANSWER"
NO_DOCUMENTS = (
    "This is the local extractive stand-in for a language model. It only quotes sentences from documents in its "
    "prompt, and this prompt holds none. Set SLIPWAY_MODEL_URL to an OpenAI-compatible server to get generated text."
)
# The least score that counts as an answer. On the halves of tests/local/extractive_cases.json and manual_questions.json
# that were used for choosing, what cannot be answered reaches .56 at most, and what can be answered .76 at least.
SUPPORT = 0.68
# What the first document's sentences gain in the order, the last one's nothing: it settles close calls as retrieval
# did. It cannot make an answer of what has no support. On the first half of tests/local/manual_questions.json .1 gives
# one more answer that says what it should than 0, as .2 does.
_BEST_RANKED = 0.1
_NEAR_BEST = 0.85  # a further sentence is quoted from this share of the best score on
_AT_MOST = 3
_CANDIDATES = 32  # sentences that are embedded; those that share most words with the question
_DOCUMENT = re.compile(
    r'<document index="(?P<index>\d+)">\s*(?:<source>(?P<source>.*?)</source>)?\s*'
    r"<document_content>(?P<content>.*?)</document_content>\s*</document>",
    re.DOTALL,
)
_QUESTION = re.compile(r"<question>(.*?)</question>", re.DOTALL)


class Scored(NamedTuple):
    """A sentence, its document's index in the prompt, and how well it answers (about 0 to 1.5).

    `place` is the score by which sentences are ordered, with what their document's rank adds.
    """

    score: float
    place: float
    document: str
    text: str


class Extractive:
    """The stand-in as a text backend."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def reply(self, conversation: Conversation) -> Reply:
        """Return quoted sentences with their [index], NO_ANSWER, or what this is where the prompt has no documents."""
        if conversation.pictures:
            raise validation_error(
                "The local stand-in for a model understands text only, no images. "
                "Set SLIPWAY_MODEL_URL to an OpenAI-compatible server with a model that looks at them."
            )
        prompt = conversation.turns[-1][1]
        if tool := conversation.tools.demanded:
            return self._call(tool, prompt, conversation)
        documents = list(_DOCUMENT.finditer(prompt))
        question = _QUESTION.search(prompt)
        if question is None or (not documents and NO_ANSWER not in conversation.system):
            text = NO_DOCUMENTS
        else:
            text = self._quote(self.rank(unescape(question[1]), documents))
        return self._limit(text, conversation)

    def stream(self, conversation: Conversation) -> Iterator[str | Reply]:
        """Yield the reply word by word, and then the reply."""
        reply = self.reply(conversation)
        yield from pieces(reply.text)
        yield reply

    def rank(self, question: str, documents: list[re.Match[str]]) -> list[Scored]:
        """Return the candidate sentences, best first."""
        asked = Question(question)
        sentences = [
            (rank, match["index"], sentence)
            for rank, match in enumerate(documents)
            for sentence in split_sentences(unescape(match["content"]), unescape(match["source"] or ""))
            if not asked.repeats(sentence)
        ]
        sentences.sort(key=lambda item: -asked.overlap(item[2]))
        candidates = sentences[:_CANDIDATES]
        if not candidates:
            return []
        vectors = self._embedder.embed([question, *(sentence.in_context for *_, sentence in candidates)])
        scored = []
        for (rank, index, sentence), vector in zip(candidates, vectors[1:], strict=True):
            support = score(asked, sentence, float(vectors[0] @ vector))
            place = support + _BEST_RANKED * (1 - rank / len(documents))
            scored.append(Scored(support, place, index, sentence.text))
        return sorted(scored, key=lambda item: -item.place)

    def _quote(self, ranked: list[Scored]) -> str:
        supported = [item for item in ranked if item.score >= SUPPORT]
        if not supported:
            return NO_ANSWER
        chosen: list[Scored] = []
        for item in supported:
            if item.place >= _NEAR_BEST * supported[0].place and item.text not in {c.text for c in chosen}:
                chosen.append(item)
        return " ".join([*(f"{item.text} [{item.document}]" for item in chosen[:_AT_MOST]), NOTE])

    def _call(self, tool: Tool, prompt: str, conversation: Conversation) -> Reply:
        """Call the tool with an input from the prompt's documents, or from the whole of it where it has none."""
        texts = [unescape(match["content"]) for match in _DOCUMENT.finditer(prompt)] or [prompt]
        sentences = [one.text for text in texts for one in split_sentences(text, "")]
        filler = Filler(sentences, self._embedder)
        if not sentences:
            return self._limit(NO_DOCUMENTS, conversation)
        made = filler.fill(tool.schema)
        reply = self._limit(json.dumps(made, ensure_ascii=False), conversation)
        if reply.stop_reason == "max_tokens":  # a call that is cut off has no input that could be read
            return replace(reply, text="", tool_use=ToolUse(new_id(), tool.name, {}))
        return replace(reply, text="", stop_reason="tool_use", tool_use=ToolUse(new_id(), tool.name, made))

    def _limit(self, text: str, conversation: Conversation) -> Reply:
        reason = "end_turn"
        stops = [position for stop in conversation.stop_sequences if (position := text.find(stop)) >= 0]
        if stops:
            text, reason = text[: min(stops)], "stop_sequence"
        words = re.findall(r"\s*\S+", text)
        # A word is one token here, so a limit in tokens cuts at a word.
        if conversation.max_tokens is not None and len(words) > conversation.max_tokens:
            text, reason = "".join(words[: conversation.max_tokens]), "max_tokens"
        prompt = "\n".join([conversation.system, *(turn for _, turn in conversation.turns)])
        return Reply(
            text=text,
            input_tokens=self._embedder.count_tokens(prompt),
            output_tokens=min(len(words), conversation.max_tokens or len(words)),
            stop_reason=reason,
        )


def score(asked: Question, sentence: Sentence, cosine: float) -> float:
    """Return how well `sentence` answers: meaning plus the share of the question's words and names that it holds.

    A sentence about X200 answers no question about X300: a missing number or code takes .25 away.
    """
    return cosine + 0.5 * asked.overlap(sentence) - (0.25 if asked.misses_number(sentence) else 0.0)
