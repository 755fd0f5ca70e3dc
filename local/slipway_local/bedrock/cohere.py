"""InvokeModel of Cohere's embedding models with MiniLM's vectors, made longer as Titan's are.

The models of version 3 have 1,024 values, cohere.embed-v4:0 has 256, 512, 1024 or (by default) 1536.
Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed-v3.html,
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed-v4.html
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from ..aws_json import JsonObject, ServiceError, validation_error
from .titan import resize

if TYPE_CHECKING:
    from .embedder import Embedder

MAX_TEXTS = 96
MAX_CHARACTERS = 2_048  # of a text of version 3
MAX_TOKENS = {3: 512, 4: 128_000}
_TRUNCATE = {3: ("NONE", "START", "END"), 4: ("NONE", "LEFT", "RIGHT")}
_AT_THE_BEGINNING = ("START", "LEFT")
_INPUT_TYPES = ("search_document", "search_query", "classification", "clustering")
_SIZES = (256, 512, 1024, 1536)
_KEYS = {"texts", "input_type", "truncate", "embedding_types", "output_dimension", "max_tokens"}


def invoke(embedder: Embedder, body: bytes, *, version: int) -> JsonObject:
    """Return the model's answer to the JSON `body`; `version` is 3 or 4. Raises: ServiceError in Bedrock's words."""
    request = _parse(body, version)
    texts = request["texts"]
    _check_length(embedder, request, version)
    size = request.get("output_dimension", 1536) if version == 4 else 1024
    vectors = [resize(vector, size).astype("float64").round(8).tolist() for vector in embedder.embed(texts)]
    answer: JsonObject = {"id": str(uuid.uuid4()), "texts": texts}
    if "embedding_types" in request:
        return answer | {"response_type": "embeddings_by_type", "embeddings": {"float": vectors}}
    return answer | {"response_type": "embeddings_floats", "embeddings": vectors}


def _parse(body: bytes, version: int) -> dict[str, Any]:
    try:
        request = json.loads(body)
    except ValueError as error:
        raise validation_error("Malformed input request, please reformat your input and try again.") from error
    if not isinstance(request, dict):
        raise _malformed("#: expected type: JSONObject")
    for key in request.keys() - (_KEYS if version == 4 else _KEYS - {"output_dimension", "max_tokens"}):
        raise _malformed(f"#: extraneous key [{key}] is not permitted by the local Bedrock, which embeds texts only")
    texts = request.get("texts")
    if not isinstance(texts, list) or not 1 <= len(texts) <= MAX_TEXTS or not all(isinstance(t, str) for t in texts):
        raise _malformed(f"#/texts: expected 1 to {MAX_TEXTS} strings")
    if request.get("input_type") not in _INPUT_TYPES:
        raise _malformed(f"#/input_type: expected one of {', '.join(_INPUT_TYPES)}")
    if request.get("output_dimension", 1536) not in _SIZES:
        raise _malformed("#/output_dimension: not a valid enum value")
    if set(request.get("embedding_types", ["float"])) != {"float"}:
        raise _malformed("#/embedding_types: the local Bedrock gives float only")
    return request


def _check_length(embedder: Embedder, request: dict[str, Any], version: int) -> None:
    texts, truncate = request["texts"], request.get("truncate", "NONE")
    if truncate not in _TRUNCATE[version]:
        raise _malformed("#/truncate: not a valid enum value")
    for index, text in enumerate(texts):
        if version == 3 and len(text) > MAX_CHARACTERS:
            raise _malformed(f"#/texts/{index}: expected maxLength: {MAX_CHARACTERS}, actual: {len(text)}")
        if truncate not in ("NONE", *_AT_THE_BEGINNING) or len(text) < MAX_TOKENS[version]:
            continue
        if (count := embedder.count_tokens(text)) > MAX_TOKENS[version]:
            if truncate in _AT_THE_BEGINNING:
                raise validation_error(f"The local Bedrock cuts texts at their end only, not by {truncate}.")
            limit = f"Max input tokens: {MAX_TOKENS[version]}, request input token count: {count}"
            raise validation_error(f"400 Bad Request: Too many input tokens. {limit}")


def _malformed(problem: str) -> ServiceError:
    return validation_error(f"Malformed input request: {problem}, please reformat your input and try again.")
