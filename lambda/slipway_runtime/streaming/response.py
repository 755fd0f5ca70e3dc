"""What a handler returns when its answer comes in parts."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Streamed:
    """Status and headers, and a body that is made while it is sent."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Iterator[bytes]
