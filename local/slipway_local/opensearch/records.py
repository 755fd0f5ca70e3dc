"""What the control plane holds: policies, collections, collection groups and VPC endpoints, as plain data."""

import time
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]


@dataclass
class Records:
    """Policies by type and name; everything else by id."""

    security: dict[tuple[str, str], Record] = field(default_factory=dict)
    access: dict[tuple[str, str], Record] = field(default_factory=dict)
    collections: dict[str, Record] = field(default_factory=dict)
    groups: dict[str, Record] = field(default_factory=dict)
    endpoints: dict[str, Record] = field(default_factory=dict)
    tags: dict[str, list[dict[str, str]]] = field(default_factory=dict)


def now() -> int:
    """Return the milliseconds since 1970."""
    return int(time.time() * 1000)


def names(pattern: str, name: str) -> bool:
    """Return whether a policy's resource, `collection/logs*`, names a collection."""
    wanted = pattern.removeprefix("collection/")
    return name.startswith(wanted[:-1]) if wanted.endswith("*") else name == wanted
