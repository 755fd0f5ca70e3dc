"""What an answer depends on, and what an exchange must be like for its answer to be given again.

An answer is for one tenant and one `scope`: everything that the model is told but the last question. The documents'
epoch is no part of it: it stands in the answer, so that one read of both tells whether the answer still holds.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any, NamedTuple

import msgspec

from slipway_runtime.generate.exchange import Exchange
from slipway_runtime.generate.routes.choice import order

# Raised when what is kept changes its meaning.
FORMAT = 2


class Key(NamedTuple):
    """Where an answer is kept: the digests of the scope and of the question, and the question itself."""

    tenant: str
    scope: str
    question: str
    text: str


def cacheable(exchange: Exchange) -> bool:
    """Return whether the answer may be given again. `slipway.cache` says so, or else the request itself.

    Never with tools, whose calls act on the world; and by itself not at a temperature above 0, which asks for variety.
    """
    request, wish = exchange.request, exchange.wishes.get("cache")
    if wish is False or request.asks_for_tools or request.messages[-1].role != "user":
        return False
    if wish is not None:
        return True
    given = request.sampling.temperature
    temperatures = [given] if given is not None else [route.temperature for route in exchange.alias.routes]
    return not any(temperatures)


def key(exchange: Exchange) -> Key:
    """Return where the answer of an exchange is kept."""
    request = exchange.request
    *before, last = request.messages
    told: dict[str, Any] = {
        "format": FORMAT,
        "alias": exchange.name,
        "routes": exchange.alias,
        # Whoever sticks to one of several routes is not answered by another one's.
        "route": order(exchange.name, exchange.alias, exchange.sticky)[0].name if exchange.sticky else "",
        "sampling": request.sampling,
        "json": request.format,
        "documents": exchange.documents,
        "filter": dataclasses.asdict(exchange.filter) if exchange.filter else None,
        # What a policy lets through, of documents and of the answer, another one may not.
        "guard": exchange.guard,
        "prompt": exchange.wishes.get("prompt"),
        "messages": before,
        "name": last.name,
    }
    return Key(
        exchange.tenant, _digest(msgspec.json.encode(told, order="sorted")), _digest(_bytes(last.text)), last.text
    )


def _bytes(text: str) -> bytes:
    return " ".join(text.split()).encode()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
