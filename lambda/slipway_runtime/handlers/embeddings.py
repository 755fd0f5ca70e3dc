"""POST /v1/embeddings, by the environment's embedding model.

Source: OpenAI API reference, "Create embeddings" (base64 holds 32-bit floats, least significant byte first).
"""

import base64
import functools
import struct
from typing import Annotated, Any, Literal

import msgspec

from slipway_runtime import parts
from slipway_runtime.generate.errors import invalid, unknown_model
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.operate.users import User
from slipway_runtime.retrieve.embed import Embedder, EmbeddingError

ALIAS = "embedding"
MAX_INPUTS = 2048
MAX_CHARACTERS = 300_000  # of all inputs: beyond it an answer would take longer than anybody waits


class EmbeddingExtension(msgspec.Struct, forbid_unknown_fields=True):
    """What is asked beyond OpenAI's API: some models embed questions otherwise than documents."""

    purpose: Literal["document", "query"] = "document"


class EmbeddingRequest(msgspec.Struct):
    """The body of POST /v1/embeddings."""

    model: str
    input: str | list[Any]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: Annotated[int, msgspec.Meta(ge=1, le=4096)] | None = None
    user: User | None = None
    slipway: EmbeddingExtension | None = None


def embeddings(request: EmbeddingRequest, deadline: Deadline) -> dict[str, Any]:
    """Return the vectors in OpenAI's shape. Raises: ApiError, EmbeddingError."""
    texts = _texts(request.input)
    embedder, tokens = _embedder(request.dimensions)
    if request.model not in (ALIAS, embedder.model_id):
        raise unknown_model(request.model, [ALIAS, embedder.model_id])
    tokens.clear()
    purpose = request.slipway.purpose if request.slipway else "document"
    try:
        vectors = embedder.embed(texts, deadline, purpose)
    except EmbeddingError as error:
        if request.dimensions and error.code in ("ValidationException", "WrongDimensions"):
            raise _wrong_dimensions(embedder.model_id) from error
        raise
    data = [_entry(index, vector, request.encoding_format) for index, vector in enumerate(vectors)]
    used = sum(tokens)
    usage = {"prompt_tokens": used, "total_tokens": used}
    return {"object": "list", "data": data, "model": request.model, "usage": usage}


@functools.lru_cache(maxsize=8)
def _embedder(dimensions: int | None) -> tuple[Embedder, list[int]]:
    """Return an embedder of so many dimensions, None for the settings', and the list that it counts its tokens into."""
    tokens: list[int] = []
    try:
        return parts.embedder(dimensions=dimensions, tokens=tokens.append), tokens
    except ValueError as error:
        raise _wrong_dimensions("this environment") from error


def _wrong_dimensions(model: str) -> Exception:
    message = f"The embedding model of {model} does not have so many dimensions; leave 'dimensions' out."
    return invalid(message, "dimensions")


def _texts(given: str | list[Any]) -> list[str]:
    texts = [given] if isinstance(given, str) else given
    if not texts:
        raise invalid("'input' is empty; a text or a list of texts was expected.", "input", "empty_array")
    if len(texts) > MAX_INPUTS:
        raise invalid(f"At most {MAX_INPUTS} inputs are accepted.", "input")
    for index, text in enumerate(texts):
        if isinstance(text, int | list):
            message = "Token arrays are not supported, since each model has tokens of its own; send text."
            raise invalid(message, "input", "unsupported_value")
        if not isinstance(text, str) or not text.strip():
            raise invalid("Each input must be a text that is not empty.", f"input[{index}]")
    if sum(map(len, texts)) > MAX_CHARACTERS:
        raise invalid(f"At most {MAX_CHARACTERS} characters are accepted in all inputs together.", "input")
    return texts


def _entry(index: int, vector: list[float], encoding: str) -> dict[str, Any]:
    if encoding == "base64":
        packed = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
        return {"object": "embedding", "index": index, "embedding": packed}
    return {"object": "embedding", "index": index, "embedding": vector}
