"""Which routes of an alias answer, in which order: one by weight, the same for the same user, then those that stand in.

Source: Kohavi, Tang, Xu, "Trustworthy Online Controlled Experiments", chapter 4 (assignment by a hash of the user).
"""

from __future__ import annotations

import hashlib
import random

from slipway_runtime.generate.routes.table import Alias, Route


def order(name: str, alias: Alias, user: str) -> list[Route]:
    """Return the routes in the order in which they are asked; without a user the first is drawn anew each time."""
    chosen = _weighted(alias.routes, _point(name, user) if user else random.random())  # noqa: S311 - a draw, no secret
    return [chosen, *(route for route in alias.fallback if route != chosen)]


def _point(name: str, user: str) -> float:
    """Return a number from 0 to 1 that depends on alias and user alone."""
    digest = hashlib.sha256(f"{name}\x00{user}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:7]) / 2**56


def _weighted(routes: tuple[Route, ...], point: float) -> Route:
    rest = point * sum(route.weight for route in routes)
    for route in routes:
        rest -= route.weight
        if rest < 0:
            return route
    return routes[-1]
