"""What the routes of prompts share: who asks, pages, and paths that nobody serves."""

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from slipway_runtime.generate.errors import ApiError, invalid
from slipway_runtime.generate.prompts.versions import Author
from slipway_runtime.handlers.events import ApiRequest

LIMIT = re.compile(r"[0-9]{1,3}")
DEFAULT_LIMIT = 50
MAX_LIMIT = 100
AFTER = re.compile(r"[A-Za-z0-9._#-]{1,200}")
T = TypeVar("T")


def author(request: ApiRequest, why: str) -> Author:
    """Return who asks, as the authorizer knows it: tenant and user, or the tenant's key."""
    who = request.request_context.authorizer
    return Author(f"{who.tenant}/{who.user}" if who.user else who.tenant, why)


def page(
    request: ApiRequest, read: Callable[[str, int], Iterator[T]], shown: Callable[[T], Any], key: Callable[[T], Any]
) -> dict[str, Any]:
    """Return a page in OpenAI's shape; `read` gets what the page begins after, "" for the first, and how many."""
    query = request.query_string_parameters or {}
    limit, after = query.get("limit", str(DEFAULT_LIMIT)), query.get("after", "")
    if not (LIMIT.fullmatch(limit) and 1 <= int(limit) <= MAX_LIMIT):
        raise invalid(f"'limit' must be a whole number from 1 to {MAX_LIMIT}.", "limit")
    if after and not AFTER.fullmatch(after):
        raise invalid("'after' is not the end of a page.", "after")
    found = list(read(after, int(limit) + 1))
    held = found[: int(limit)]
    last = str(key(held[-1])) if held else None
    return {"object": "list", "data": list(map(shown, held)), "has_more": len(found) > len(held), "last_id": last}


def number(text: str, param: str = "after") -> int:
    """Return a number of a query, 0 for none. Raises: ApiError 400."""
    if text and not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise invalid(f"'{param}' must be a whole number.", param)
    return int(text or 0)


def not_served(request: ApiRequest, path: list[str]) -> ApiError:
    """Return the error for a path that there is not, or a method that it does not have."""
    if request.http_method not in ("GET", "POST", "PUT"):
        return ApiError(405, f"{request.http_method} is not served here.", code="method_not_allowed")
    return ApiError(404, f"{request.http_method} /{'/'.join(path)[:200]} is not served.", code="not_found")
