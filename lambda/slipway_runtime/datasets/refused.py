"""The one way in which something does not become a training example."""

from typing import Literal

import msgspec

Code = Literal[
    "bad_curated",
    "bad_example",
    "bad_feedback",
    "contaminated",
    "document_deleted",
    "duplicate",
    "gone",
    "low_rating",
    "no_completion",
    "wrong_kind",
]


class Refused(Exception):  # noqa: N818 - a verdict on an example, not a fault
    """An example that is left out: a stable code, and a reason with the remedy that does not quote the example."""

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code: Code = code
        self.reason = reason


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a dataset's `rejects.jsonl`. `line` counts from 1; 0 where the object is no list of lines."""

    source: str
    line: int
    code: Code
    reason: str
    documents: list[str] = []
    example_id: str = ""

    def json_line(self) -> bytes:
        """Return the reject as one line of canonical JSON."""
        return msgspec.json.encode(self, order="sorted") + b"\n"
