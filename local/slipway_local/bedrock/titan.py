"""InvokeModel of amazon.titan-embed-text-v2:0 with MiniLM's vectors.

512 and 1,024 values are MiniLM's 384 with zeros behind them: every cosine stays what it was. 256 values are a fixed
orthonormal projection of the 384, which keeps cosines nearly. Vectors always have unit length, also with
`"normalize": false`.
Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html
"""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from ..aws_json import JsonObject, ServiceError, validation_error

if TYPE_CHECKING:
    from .embedder import Embedder
    from .minilm import Array

MAX_CHARACTERS = 50_000
MAX_TOKENS = 8_192
_SIZES = (256, 512, 1024)
_KEYS = {"inputText", "dimensions", "normalize", "embeddingTypes"}
_TRY_AGAIN = "please reformat your input and try again."


def invoke(embedder: Embedder, body: bytes) -> JsonObject:
    """Return the model's answer to the JSON `body`. Raises: ServiceError in Bedrock's words."""
    request = _parse(body)
    text, size = request["inputText"], request.get("dimensions", 1024)
    count = embedder.count_tokens(text)
    if count > MAX_TOKENS:
        message = f"Too many input tokens. Max input tokens: {MAX_TOKENS}, request input token count: {count} "
        raise validation_error(f"400 Bad Request: {message}")
    values = resize(embedder.embed([text])[0], size)
    by_type: dict[str, list[float] | list[int]] = {"float": values.astype("float64").round(8).tolist()}
    answer: JsonObject = {"inputTextTokenCount": count, "embeddingsByType": by_type}
    types = request.get("embeddingTypes", ["float"])
    if "binary" in types:
        by_type["binary"] = [int(value > 0) for value in by_type["float"]]
    if "float" in types:
        answer["embedding"] = by_type["float"]
    else:
        del by_type["float"]
    return answer


def resize(vector: Array, size: int) -> Array:
    """Return the unit vector of `size` values (256, 512 or 1024) that stands for MiniLM's `vector`."""
    import numpy as np

    if size == 256:
        projected: Array = vector @ _projection()
        return projected / np.linalg.norm(projected)
    return np.concatenate([vector, np.zeros(size - len(vector), dtype=np.float32)])


@functools.cache
def _projection() -> Array:
    import numpy as np

    random = np.random.default_rng(20240430).standard_normal((384, 256))
    return np.linalg.qr(random)[0].astype(np.float32)


def _parse(body: bytes) -> JsonObject:
    try:
        request = json.loads(body)
    except ValueError as error:
        raise validation_error(f"Malformed input request, {_TRY_AGAIN}") from error
    if not isinstance(request, dict) or not isinstance(request.get("inputText"), str):
        raise _malformed("#: required key [inputText] not found")
    for key in request.keys() - _KEYS:
        raise _malformed(f"#: extraneous key [{key}] is not permitted")
    text: str = request["inputText"]
    if not text:
        raise _malformed("#/inputText: expected minLength: 1, actual: 0")
    if len(text) > MAX_CHARACTERS:
        raise _malformed(f"#/inputText: expected maxLength: {MAX_CHARACTERS}, actual: {len(text)}")
    _check_options(request)
    return request


def _check_options(request: dict[str, Any]) -> None:
    size = request.get("dimensions", 1024)
    if isinstance(size, bool) or size not in _SIZES:
        raise _malformed(f"#/dimensions: {size} is not a valid enum value")
    if not isinstance(request.get("normalize", True), bool):
        raise _malformed("#/normalize: expected type: Boolean")
    types = request.get("embeddingTypes", ["float"])
    if not isinstance(types, list) or not types or set(map(str, types)) - {"float", "binary"}:
        raise _malformed("#/embeddingTypes: not a valid enum value")


def _malformed(problem: str) -> ServiceError:
    return validation_error(f"Malformed input request: {problem}, {_TRY_AGAIN}")
