"""Pages of answers: what is left goes on after a key, which the token carries."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from typing import TypeVar

from ..aws_json import ServiceError

T = TypeVar("T")


def page(
    items: Iterable[T],
    name: Callable[[T], str],
    token: str | None,
    limit: int,
    bytes_of: Callable[[T], int] = lambda item: 0,
    max_bytes: int = 1,
) -> tuple[list[T], str | None]:
    """Return the items after the token, at most `limit` and about `max_bytes` of them, and the next token."""
    after = _after(token)
    found: list[T] = []
    size = 0
    for item in sorted(items, key=name):
        if after is not None and name(item) <= after:
            continue
        if len(found) == limit or (found and size + bytes_of(item) > max_bytes):
            return found, base64.urlsafe_b64encode(json.dumps(name(found[-1])).encode()).decode()
        size += bytes_of(item)
        found.append(item)
    return found, None


def _after(token: str | None) -> str | None:
    if token is None:
        return None
    try:
        return str(json.loads(base64.urlsafe_b64decode(token)))
    except ValueError as error:
        raise ServiceError("ValidationException", "The nextToken is not valid") from error
