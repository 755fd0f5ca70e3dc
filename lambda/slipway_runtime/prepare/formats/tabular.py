"""CSV as one line per row with the column names repeated, so that a row still speaks when its chunk stands alone."""

import csv
import io

from slipway_runtime.prepare.document import Extracted, Section
from slipway_runtime.prepare.rejected import Rejected

DELIMITERS = ",;\t|"


def read_csv(text: str) -> Extracted:
    """Return the rows as "Row 2: name = x; price = 3".

    Raises: Rejected("broken_csv") for quotes that do not match, Rejected("empty") without a data row.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=_delimiter(text), strict=True))
    except csv.Error as error:
        reason = "the quotes do not match or a field is longer than 128 KiB; export it again as CSV with quoted fields"
        raise Rejected("broken_csv", reason) from error
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        raise Rejected("empty", "the CSV has no row below its header; expected a header line and at least one row")
    header, *data = rows
    return Extracted(
        sections=[Section(text="\n".join(_line(header, row, number) for number, row in enumerate(data, 2)))]
    )


def _delimiter(text: str) -> str:
    """Pick the delimiter that the header line holds most often; csv.Sniffer is misled by long text fields."""
    header = text.lstrip("\n").split("\n", 1)[0]
    return max(DELIMITERS, key=header.count)


def _line(header: list[str], row: list[str], number: int) -> str:
    names = [*header, *(f"column {extra}" for extra in range(len(header) + 1, len(row) + 1))]
    cells = (
        f"{name.strip()} = {' '.join(cell.split())}" for name, cell in zip(names, row, strict=False) if cell.strip()
    )
    return f"Row {number}: {'; '.join(cells)}"
