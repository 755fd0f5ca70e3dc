"""How the online checks reach the account."""

from collections.abc import Callable, Iterator
from typing import Any

Clients = Callable[[str], Any]
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError")


def pages(client: Any, operation: str, key: str, **request: Any) -> Iterator[Any]:
    """Yield the items of all pages of an operation."""
    for page in client.get_paginator(operation).paginate(**request):
        yield from page.get(key, [])
