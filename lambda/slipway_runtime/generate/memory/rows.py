"""The rows of the conversations table, as what they hold."""

from __future__ import annotations

from slipway_runtime.generate.memory.turns import Head, Turn, unpacked
from slipway_runtime.operate.rows import Row


def place_of(identifier: str, number: int) -> str:
    """Return the sort key of a turn."""
    return f"turn#{identifier}#{number:08d}"


def head_of(row: Row) -> Head:
    """Return the conversation of a row."""
    identifier = str(row["item"]).removeprefix("head#")
    numbers = {name: int(row[name]) for name in ("turns", "summarised", "created_at", "updated_at")}
    return Head(id=identifier, summary=str(row["summary"]), documents=words_of(row, "documents"), **numbers)


def words_of(row: Row, name: str) -> tuple[str, ...]:
    """Return the words of a cell, none where it is missing."""
    return tuple(str(row.get(name, "")).split())


def turn_of(row: Row) -> Turn:
    """Return the turn of a row. Raises: TypeError for one that no turn was written into."""
    messages = row["messages"]
    if not isinstance(messages, bytes):
        raise TypeError("a turn whose messages are no bytes")
    return Turn(
        number=int(str(row["item"])[-8:]),
        seen=int(row["seen"]),
        messages=unpacked(messages),
        finish_reason=str(row["finish_reason"]),
        at=int(row["at"]),
        documents=words_of(row, "documents"),
    )
