"""CSV as one line per row with the column names repeated, so that a row still speaks when its chunk stands alone."""

import csv
import io
import itertools
from collections.abc import Iterator

from slipway_runtime.prepare.budget import TextBudget
from slipway_runtime.prepare.document import Extracted, Section
from slipway_runtime.prepare.rejected import Rejected

DELIMITERS = ",;\t|"


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
    reader = csv.reader(io.StringIO(text), delimiter=_delimiter(text), strict=True)
    rows = (row for row in reader if any(cell.strip() for cell in row))
    header = [name.strip() for name in next(rows, [])]
    return (_line(header, row, number) for number, row in enumerate(rows, 2))


def _delimiter(text: str) -> str:
    """Pick the delimiter that the header line holds most often; csv.Sniffer is misled by long text fields."""
    header = text.lstrip("\n").split("\n", 1)[0]
    return max(DELIMITERS, key=header.count)


def _line(header: list[str], row: list[str], number: int) -> str:
    names = itertools.chain(header, (f"column {extra}" for extra in itertools.count(len(header) + 1)))
    cells = (f"{name} = {' '.join(cell.split())}" for cell, name in zip(row, names, strict=False) if cell.strip())
    return f"Row {number}: {'; '.join(cells)}"
