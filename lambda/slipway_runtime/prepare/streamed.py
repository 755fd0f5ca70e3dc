"""Objects that a stream made: their records come from many senders, so each bad one is refused alone.

Its payload is not copied: it stays in the raw bucket, in the version of the object and on the line that the reject
names, and goes with the document.
"""

import json
import re
from dataclasses import dataclass

from slipway_runtime.prepare.rejected import Code, Rejected

STREAMED = re.compile(r"stream/.*\.jsonl", re.DOTALL)
KEPT, REJECTED = "records.kept", "records.rejected"
# Rejects of one object that are named each; one more says how many there were besides.
MAX_NAMED = 1_000
REMEDY = "mend its sender, and send the record again"


@dataclass(frozen=True, kw_only=True)
class BadRecord:
    """A record that is refused: its line (from 1) in the object, a stable code, and a reason that never quotes it."""

    line: int
    code: Code
    reason: str


def is_streamed(path: str) -> bool:
    """Return whether the path of a document, without its tenant, is where streams deliver."""
    return STREAMED.fullmatch(path) is not None


def sift(data: bytes) -> tuple[bytes, list[BadRecord]]:
    """Return the lines with an empty one in place of each bad record, so that numbers hold, and the bad records.

    Raises: Rejected("broken_json") where no record is good.
    """
    lines, bad = data.split(b"\n"), []
    records = 0
    for at, line in enumerate(lines):
        if not line.strip():
            continue
        records += 1
        if problem := _problem(line):
            code, reason = problem
            bad.append(BadRecord(line=at + 1, code=code, reason=f"line {at + 1}: {reason}; {REMEDY}"))
            lines[at] = b""
    if len(bad) == records:
        raise Rejected("broken_json", f"none of its {records} records can be read, the first on {bad[0].reason}")
    return b"\n".join(lines), bad


def counted(data: bytes, bad: list[BadRecord]) -> dict[str, int]:
    """Return how many records of sifted lines were kept and rejected, nothing where none was rejected."""
    if not bad:
        return {}
    return {KEPT: sum(bool(line.strip()) for line in data.split(b"\n")), REJECTED: len(bad)}


def named(bad: list[BadRecord]) -> list[BadRecord]:
    """Return the records that are named one by one, and one for all others where there are more."""
    if len(bad) <= MAX_NAMED:
        return bad
    more = bad[MAX_NAMED]
    reason = f"{more.reason}; so do {len(bad) - MAX_NAMED - 1} records on lines after it, which are not named"
    return [*bad[:MAX_NAMED], BadRecord(line=more.line, code=more.code, reason=reason)]


def _problem(line: bytes) -> tuple[Code, str] | None:
    try:
        json.loads(line.decode())
    except UnicodeDecodeError:
        return "bad_encoding", "the record is not UTF-8"
    except json.JSONDecodeError as error:
        return "broken_json", f"the record is not valid JSON at column {error.colno}"
    except (RecursionError, ValueError):
        return "broken_json", "the record is nested too deeply, or holds a number too long"
    return None
