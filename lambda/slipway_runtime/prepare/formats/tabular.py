"""CSV as one line per row with the column names repeated, so that a row still speaks when its chunk stands alone."""

import csv
import io
import itertools
import json
import re
from collections.abc import Iterator

from slipway_runtime.prepare.budget import TextBudget
from slipway_runtime.prepare.document import Extracted, Section
from slipway_runtime.prepare.redact.assigned import SPACE, is_telling
from slipway_runtime.prepare.rejected import Rejected

# The surest first: a comma is in prose and in numbers, so it is the sign that others may hide behind.
DELIMITERS = "\t;|,"
SAMPLE_ROWS = 100
# Source: Excel, which writes and reads this line before the header to name the sign.
NAMED_DELIMITER = re.compile(r'\n{0,8}"?sep=([,;\t|])"?\n', re.IGNORECASE)


def read_csv(text: str, budget: TextBudget) -> Extracted:
    """Return the rows as "Row 2: name = x; price = 3".

    Raises: Rejected("broken_csv") for quotes that do not match, Rejected("empty") without a data row,
    Rejected("too_large") past the budget.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    try:
        lines = list(budget.each(_lines(text)))
    except csv.Error as error:
        reason = "the quotes do not match or a field is longer than 128 KiB; export it again as CSV with quoted fields"
        raise Rejected("broken_csv", reason) from error
    if not lines:
        raise Rejected("empty", "the CSV has no row below its header; expected a header line and at least one row")
    return Extracted(sections=[Section(text="\n".join(lines))])


def _lines(text: str) -> Iterator[str]:
    """Yield a line per row, one row at a time: a long header over many short rows gives far more text than there is."""
    named = NAMED_DELIMITER.match(text)
    text = text[named.end() :] if named else text
    delimiter = named.group(1) if named else _delimiter(text)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    rows = (row for row in reader if any(cell.strip() for cell in row))
    header = [name.strip() for name in next(rows, [])]
    return (_line(header, row, number) for number, row in enumerate(rows, 2))


def _delimiter(text: str) -> str:
    """Pick the delimiter by which most of the first rows, quotes respected, have as many fields as the header.

    csv.Sniffer is misled by long text fields, and a count of signs by those within quotes or names.
    """
    header = text.lstrip("\n").split("\n", 1)[0]
    candidates = [sign for sign in DELIMITERS if sign in header]
    return max(candidates, key=lambda sign: _evenness(text, sign), default=",")


def _evenness(text: str, delimiter: str) -> float:
    """Return the share of rows with as many fields as the header; 0 where it has one, or cannot be read."""
    rows = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    counts: list[int] = []
    try:
        for row in itertools.islice((row for row in rows if row), SAMPLE_ROWS):
            counts.append(len(row))
    except csv.Error:
        counts.append(0)
    return counts.count(counts[0]) / len(counts) if counts and counts[0] > 1 else 0


def _line(header: list[str], row: list[str], number: int) -> str:
    names = itertools.chain(header, (f"column {extra}" for extra in itertools.count(len(header) + 1)))
    cells = (f"{name} = {_cell(cell, name)}" for cell, name in zip(row, names, strict=False) if cell.strip())
    return f"Row {number}: {'; '.join(cells)}"


def _cell(cell: str, name: str) -> str:
    """Return a cell on one line; a secret of several words in quotes, so that redaction sees all of it."""
    words = " ".join(cell.split())
    return json.dumps(words, ensure_ascii=False) if SPACE.search(words) and is_telling(name) else words
