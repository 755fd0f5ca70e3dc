"""Which statements were used and which calls were denied, since the start: too little and too much, by role."""

import threading
from collections import Counter
from typing import Any

from slipway_local.permissions.policy import Statement

Key = tuple[str, str, str, str]  # policy, statement, action, resource


class Usage:
    """Counts of each caller; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used: dict[str, set[Key]] = {}
        self._denied: dict[str, Counter[tuple[str, str, str]]] = {}

    def use(self, caller: str, policy: str, statement: Statement, action: str, resource: str) -> None:
        """Note that a statement of a caller's policy spoke of a call."""
        with self._lock:
            self._used.setdefault(caller, set()).add((policy, statement.name, action, resource))

    def deny(self, caller: str, action: str, resource: str, reason: str) -> None:
        """Note a denied call."""
        with self._lock:
            self._denied.setdefault(caller, Counter())[action, resource, reason] += 1

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._used.clear()
            self._denied.clear()

    def callers(self) -> set[str]:
        """Return those of whom something is known."""
        with self._lock:
            return {*self._used, *self._denied}

    def of(self, caller: str, policies: list[tuple[str, tuple[Statement, ...]]]) -> dict[str, Any]:
        """Return a caller's denied calls, and what its policies allow but it never did."""
        with self._lock:
            used = set(self._used.get(caller, ()))
            denied = sorted(self._denied.get(caller, Counter()).items())
        allowed = [
            (policy, statement.name, action, resource)
            for policy, statements in policies
            for statement in statements
            if statement.allows
            for action in statement.actions or ("NotAction",)
            for resource in statement.resources or ("NotResource",)
        ]
        names = ("policy", "statement", "action", "resource")
        return {
            "denied": [
                {"action": action, "resource": resource, "reason": reason, "count": count}
                for (action, resource, reason), count in denied
            ],
            "unused": [dict(zip(names, key, strict=True)) for key in dict.fromkeys(allowed) if key not in used],
            "used": sum(key in used for key in dict.fromkeys(allowed)),
        }
