"""What a vector may be: its numbers, and the sizes of its metadata.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-limitations.html,
https://docs.aws.amazon.com/AmazonS3/latest/API/API_S3VectorBuckets_PutInputVector.html
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ..aws_json import JsonObject, ServiceError
from .filters import is_primitive
from .model import Floats, Index, Vector, metadata_of

MAX_METADATA_BYTES = 40 * 1024
MAX_FILTERABLE_BYTES = 2 * 1024
MAX_METADATA_KEYS = 50


def vectors_of(index: Index, given: list[JsonObject]) -> list[Vector]:
    """Return the vectors of a PutVectors call. Raises: ServiceError naming the first that is refused."""
    keys = [one["key"] for one in given]
    if len(set(keys)) != len(keys):
        raise ServiceError("ValidationException", "The request has the same vector key more than once")
    return [_vector(index, one) for one in given]


def floats(index: Index, data: JsonObject, what: str) -> Floats:
    """Return the numbers of a vector of this index. Raises: ServiceError for a length or number that it cannot have."""
    given = data["float32"]
    if len(given) != index.dimension:
        message = f"{what}: vector must have length {index.dimension}, but has length {len(given)}"
        raise ServiceError("ValidationException", message)
    with np.errstate(over="ignore"):
        numbers = np.asarray(given, dtype=np.float32)
    if not np.isfinite(numbers).all():
        raise ServiceError("ValidationException", f"{what}: vector has a number that is no finite 32-bit float")
    if index.metric == "cosine" and not numbers.any():
        raise ServiceError("ValidationException", f"{what}: a vector of zeros has no direction for cosine distance")
    return numbers


def _vector(index: Index, given: JsonObject) -> Vector:
    where = f"Invalid record for key '{given['key']}'"
    metadata = metadata_of(given.get("metadata"))
    _check_metadata(index, metadata, where)
    return Vector(given["key"], floats(index, given["data"], where), metadata)


def _check_metadata(index: Index, metadata: Any, where: str) -> None:
    if not isinstance(metadata, dict):
        raise ServiceError("ValidationException", f"{where}: metadata must be a JSON object")
    if len(metadata) > MAX_METADATA_KEYS:
        raise ServiceError("ValidationException", f"{where}: metadata has more than {MAX_METADATA_KEYS} keys")
    for key, value in metadata.items():
        if not 1 <= len(key) <= 63 or key.startswith("$"):
            raise ServiceError("ValidationException", f"{where}: the metadata key {key!r:.80} is not valid")
        values = value if isinstance(value, list) else [value]
        if not values or not all(map(is_primitive, values)):
            kinds = "a string, a number, a boolean or a non-empty list of these"
            raise ServiceError("ValidationException", f"{where}: metadata {key!r} must be {kinds}")
    filterable = {key: value for key, value in metadata.items() if key not in index.unfilterable}
    for part, limit, name in (
        (metadata, MAX_METADATA_BYTES, "Total"),
        (filterable, MAX_FILTERABLE_BYTES, "Filterable"),
    ):
        if (size := _bytes(part)) > limit:
            message = f"{where}: {name} metadata must have at most {limit} bytes, but has {size} bytes"
            raise ServiceError("ValidationException", message)


def _bytes(metadata: JsonObject) -> int:
    return len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode())
