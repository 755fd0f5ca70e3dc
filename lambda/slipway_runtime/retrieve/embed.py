"""Embeddings from Bedrock.

Source: Amazon Bedrock user guide, "Amazon Titan Text Embeddings V2": one text per request, 256, 512 or 1,024
dimensions.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from slipway_runtime.operate.retry import CONNECTION_ERRORS, Backoff, Deadline, error_code, within

TRANSIENT = CONNECTION_ERRORS | {
    "InternalServerException",
    "ModelNotReadyException",
    "ModelTimeoutException",
    "ServiceUnavailableException",
    "ThrottlingException",
    "TooManyRequestsException",
}
DEADLINE_EXCEEDED = "DeadlineExceeded"
MAX_INPUT_CHARACTERS = 50_000
# Titan takes 8,192 tokens, and a token is a byte at least: so much always fits.
ALWAYS_FITS_BYTES = 8_000


class EmbeddingError(Exception):
    """The embedding model did not answer as asked; `transient` says whether trying later can help."""

    def __init__(self, message: str, *, code: str, transient: bool) -> None:
        super().__init__(message)
        self.code = code
        self.transient = transient


@dataclass(frozen=True, kw_only=True)
class Embedder:
    """Turns texts into unit vectors of `dimensions` numbers, `concurrency` requests at a time."""

    client: Any
    model_id: str
    dimensions: int
    concurrency: int = 8
    backoff: Backoff = field(default_factory=Backoff)

    def embed(self, texts: list[str], deadline: Deadline) -> list[list[float]]:
        """Return one vector per text, in their order; of a text with too many tokens the beginning counts.

        Raises: EmbeddingError for a refusal, for throttling past the deadline, or for a vector of another length.
        """
        if len(texts) == 1:
            return [self._embed_one(texts[0], deadline)]
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - a question needs no pool

        with ThreadPoolExecutor(self.concurrency) as pool:
            try:
                return list(pool.map(lambda text: self._embed_one(text, deadline), texts))
            except EmbeddingError:
                pool.shutdown(cancel_futures=True)
                raise

    def _embed_one(self, text: str, deadline: Deadline) -> list[float]:
        if deadline.remaining_seconds <= 0:
            raise _out_of_time()
        try:
            return self._vector(text, deadline)
        except EmbeddingError as error:
            beginning = text.encode("utf-8", "replace")[:ALWAYS_FITS_BYTES].decode("utf-8", "ignore")
            if error.code != "ValidationException" or beginning == text:
                raise
            return self._vector(beginning, deadline)

    def _vector(self, text: str, deadline: Deadline) -> list[float]:
        try:
            vector = self.backoff.call(
                lambda: within(lambda: self._invoke(text), deadline),
                retry_on=lambda error: error_code(error) in TRANSIENT,
                deadline=deadline,
            )
        except TimeoutError as error:
            raise _out_of_time() from error
        except Exception as error:
            code = error_code(error)
            message = f"the embedding model {self.model_id} did not answer: {code}"
            raise EmbeddingError(message, code=code, transient=code in TRANSIENT) from error
        if len(vector) != self.dimensions:
            message = f"{self.model_id} returned {len(vector)} dimensions, the settings ask for {self.dimensions}"
            raise EmbeddingError(message, code="WrongDimensions", transient=False)
        return vector

    def _invoke(self, text: str) -> list[float]:
        request = {"inputText": text[:MAX_INPUT_CHARACTERS], "dimensions": self.dimensions, "normalize": True}
        response = self.client.invoke_model(
            modelId=self.model_id, body=json.dumps(request), accept="application/json", contentType="application/json"
        )
        vector: list[float] = json.loads(response["body"].read())["embedding"]
        return vector


def _out_of_time() -> EmbeddingError:
    return EmbeddingError("no time is left to embed", code=DEADLINE_EXCEEDED, transient=True)
