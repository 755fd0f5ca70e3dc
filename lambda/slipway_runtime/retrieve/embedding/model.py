"""What every embedding model takes and gives."""

from dataclasses import dataclass
from typing import Literal, Protocol

from slipway_runtime.retrieve.tokens.tokenizer import Tokenizer

# Models of the newer kind embed what is searched and what is asked differently.
Purpose = Literal["document", "query"]


class EmbeddingError(Exception):
    """The embedding model did not answer as asked; `transient` says whether trying later can help."""

    def __init__(self, message: str, *, code: str, transient: bool) -> None:
        super().__init__(message)
        self.code = code
        self.transient = transient


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one request takes: texts, bytes of them all, and characters and tokens of each text."""

    texts: int
    request_bytes: int
    characters: int
    tokens: int


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """The vectors of one request, in the order of its texts, and the tokens that the model says it read."""

    vectors: list[list[float]]
    tokens: int | None = None


class EmbeddingModel(Protocol):
    """One model behind one service. It is asked from several threads at once."""

    @property
    def model_id(self) -> str:
        """What lineage and metrics call it."""
        ...

    @property
    def dimensions(self) -> int:
        """The numbers of each vector."""
        ...

    @property
    def limits(self) -> Limits:
        """What one request takes."""
        ...

    @property
    def tokenizer(self) -> Tokenizer:
        """What counts its tokens, or estimates them."""
        ...

    def invoke(self, texts: list[str], purpose: Purpose) -> Embedded:
        """Return the unit vectors of a request within the limits. Raises: the errors of the service."""
        ...

    def shorten(self, text: str) -> str:
        """Return as much of a text that the model refused as it surely takes."""
        ...

    def code(self, error: Exception) -> str:
        """Return what went wrong by the service's name for it."""
        ...

    def is_transient(self, error: Exception) -> bool:
        """Return whether the same request may succeed later."""
        ...
