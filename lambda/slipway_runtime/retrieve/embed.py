"""Texts to vectors: in batches, several at a time, patient with a busy model, and with the tokens counted."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from slipway_runtime.operate.retry import Backoff, Deadline, within
from slipway_runtime.retrieve.embedding.model import Embedded, EmbeddingError, EmbeddingModel, Limits, Purpose

__all__ = ["Embedder", "EmbeddingError"]

DEADLINE_EXCEEDED = "DeadlineExceeded"
# The tokens that a model puts around a text.
MARKS = 2
Meter = Callable[[str, int], None]


def _unmetered(model_id: str, tokens: int) -> None:
    """Forget what it cost."""


@dataclass(frozen=True, kw_only=True)
class Embedder:
    """Turns texts into unit vectors, `concurrency` requests at a time.

    `meter` is told the model, and the tokens of the requests that succeeded: the model's own count, or else ours.
    """

    model: EmbeddingModel
    concurrency: int = 8
    backoff: Backoff = field(default_factory=Backoff)
    meter: Meter = _unmetered

    @property
    def model_id(self) -> str:
        """The model's id."""
        return self.model.model_id

    @property
    def dimensions(self) -> int:
        """The numbers of each vector."""
        return self.model.dimensions

    def embed(self, texts: list[str], deadline: Deadline, purpose: Purpose = "document") -> list[list[float]]:
        """Return one vector per text, in their order.

        What is too long is cut: of a document the beginning counts, of a question the end, where people ask.
        Raises: EmbeddingError for a refusal, for throttling past the deadline, or for a vector of another length.
        """
        cut = [self._beginning(text) if purpose == "document" else self._end(text) for text in texts]
        requests = list(batches(cut, self.model.limits))
        counts: list[int] = []
        try:
            answers = self._all(lambda batch: self._embed(batch, purpose, deadline, counts), requests)
        finally:
            if counts:
                self.meter(self.model_id, sum(counts))
        return list(itertools.chain.from_iterable(answers))

    def _all(self, ask: Callable[[list[str]], list[list[float]]], requests: list[list[str]]) -> list[list[list[float]]]:
        if len(requests) == 1:
            return [ask(requests[0])]
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - a question needs no pool

        with ThreadPoolExecutor(self.concurrency) as pool:
            try:
                return list(pool.map(ask, requests))
            except EmbeddingError:
                pool.shutdown(cancel_futures=True)
                raise

    def _beginning(self, text: str) -> str:
        return text[: self.model.limits.characters]

    def _end(self, text: str) -> str:
        limits = self.model.limits
        text = text[-limits.characters :]
        starts = self.model.tokenizer.starts(text)
        most = limits.tokens - MARKS
        return text[starts[-most] :] if len(starts) > most else text

    def _embed(self, texts: list[str], purpose: Purpose, deadline: Deadline, counts: list[int]) -> list[list[float]]:
        if deadline.remaining_seconds <= 0:
            raise _out_of_time()
        try:
            answer = self._ask(texts, purpose, deadline)
        except EmbeddingError as error:
            shorter = [self.model.shorten(text) for text in texts]
            if error.code != "ValidationException" or shorter == texts:
                raise
            texts, answer = shorter, self._ask(shorter, purpose, deadline)
        self._check(texts, answer)
        counted = answer.tokens
        counts.append(sum(map(self.model.tokenizer.count, texts)) if counted is None else counted)
        return answer.vectors

    def _ask(self, texts: list[str], purpose: Purpose, deadline: Deadline) -> Embedded:
        try:
            return self.backoff.call(
                lambda: within(lambda: self.model.invoke(texts, purpose), deadline),
                retry_on=self.model.is_transient,
                deadline=deadline,
            )
        except TimeoutError as error:
            raise _out_of_time() from error
        except Exception as error:
            code = self.model.code(error)
            message = f"the embedding model {self.model_id} did not answer: {code}"
            raise EmbeddingError(message, code=code, transient=self.model.is_transient(error)) from error

    def _check(self, texts: list[str], answer: Embedded) -> None:
        if len(answer.vectors) != len(texts):
            message = f"{self.model_id} returned {len(answer.vectors)} vectors for {len(texts)} texts"
            raise EmbeddingError(message, code="WrongCount", transient=False)
        for vector in answer.vectors:
            if len(vector) != self.dimensions:
                message = f"{self.model_id} returned {len(vector)} dimensions, the settings ask for {self.dimensions}"
                raise EmbeddingError(message, code="WrongDimensions", transient=False)


def batches(texts: list[str], limits: Limits) -> Iterator[list[str]]:
    """Yield the texts in order, as many at a time as a request takes; one that is too large alone goes alone."""
    batch: list[str] = []
    size = 0
    for text in texts:
        # As JSON with ASCII only, a character takes up to 6 bytes, or 12 beyond the basic plane.
        length = len(text) if text.isascii() else sum(12 if each > "\uffff" else 6 for each in text)
        if batch and (len(batch) == limits.texts or size + length > limits.request_bytes):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += length
    if batch:
        yield batch


def _out_of_time() -> EmbeddingError:
    return EmbeddingError("no time is left to embed", code=DEADLINE_EXCEEDED, transient=True)
