"""Objects that a stream made: their records come from many senders, so each bad one is refused alone.

Its payload is not copied: it stays in the raw bucket, in the version of the object and on the line that the reject
names, and goes with the document.
"""

import bisect
import json
import re
from dataclasses import dataclass

from slipway_runtime.prepare.rejected import Code, Rejected

STREAMED = re.compile(r"stream/.*\.jsonl", re.DOTALL)
KEPT, REJECTED = "records.kept", "records.rejected"
# Rejects of one object that are named each; one more says how many there were besides.
MAX_NAMED = 1_000
DECODER = json.JSONDecoder()
MAX_READS, TOO_DEEP_COSTS = 4, 10_000
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

    A record over several lines is put on its first, with empty ones after it.

    Raises: Rejected("broken_json") where no record is good.
    """
    lines, bad = data.split(b"\n"), []
    joiner = Joiner(lines)
    records = 0
    for at, line in enumerate(lines):
        if not line.strip():
            continue
        records += 1
        if (problem := _problem(line)) and not joiner.join(at):
            code, reason = problem
            bad.append(BadRecord(line=at + 1, code=code, reason=f"line {at + 1}: {reason}; {REMEDY}"))
            lines[at] = b""
    if len(bad) == records:
        raise Rejected("broken_json", f"none of its {records} records can be read, the first on {bad[0].reason}")
    return b"\n".join(lines), bad


class Joiner:
    """Puts records that were sent over several lines on one.

    A record that begins and never ends is read to where it fails. Of those, as many are tried as together cost four
    times the object; then lines are taken as they are.
    """

    def __init__(self, lines: list[bytes]) -> None:
        self.lines = lines
        self.text = ""
        self.starts: list[int] = []
        self.left = 0

    def join(self, at: int) -> bool:
        """Put the record that begins on line `at` (from 0) and ends on a later one on that line, if there is one."""
        if self.lines[at].lstrip()[:1] not in (b"{", b"["):
            return False
        if not self.starts:
            # What is no UTF-8 stays what it is, so that it is refused with its record.
            self.text = b"\n".join(self.lines).decode("utf-8", "surrogateescape")
            self.starts = [0, *(match.end() for match in re.finditer("\n", self.text))]
            self.left = MAX_READS * len(self.text)
        if self.left <= 0:
            return False
        start = self.starts[at] + len(self.lines[at]) - len(self.lines[at].lstrip())
        end = self._end(start)
        last = bisect.bisect_right(self.starts, end) - 1
        rest = self.text[end : self.starts[last + 1] if last + 1 < len(self.starts) else len(self.text)]
        record = self.text[start:end].replace("\n", " ").encode("utf-8", "surrogateescape")
        if last == at or rest.strip() or _problem(record):
            return False
        self.lines[at : last + 1] = [record, *[b""] * (last - at)]
        return True

    def _end(self, start: int) -> int:
        try:
            end = DECODER.raw_decode(self.text, start)[1]
        except json.JSONDecodeError as error:
            self.left -= error.pos - start + 1
            return start
        except (RecursionError, ValueError):
            self.left -= TOO_DEEP_COSTS
            return start
        self.left -= end - start
        return end


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
