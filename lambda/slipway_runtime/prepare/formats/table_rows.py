"""The rows of a table, each cell in its own column: what spans rows or columns leaves empty cells behind it.

Source: HTML Standard, section 4.9.12 "Processing model" (of tables).
"""

import re

from selectolax.lexbor import LexborNode

NUMBER = re.compile(r"[ \t\n\f\r]*\+?([0-9]{1,9})")
# Spans beyond this column are not honoured: a few bytes would make thousands of cells in each row.
MAX_COLUMNS = 64
ALL_ROWS = 1 << 30


class TableRows:
    """Collects cells; the rows that hold text are in `filled`."""

    def __init__(self) -> None:
        self._rows: list[list[str]] = []
        # By column, the number of the first row that no cell from above reaches into.
        self._free_from: list[int] = []

    def begin_group(self) -> None:
        """Begin a head, a body or a foot, into which no cell from outside reaches."""
        self._free_from.clear()

    def begin_row(self) -> None:
        """Begin a row."""
        self._rows.append([])

    def begin_cell(self) -> None:
        """Begin a cell, and a row where none is begun."""
        if not self._rows:
            self.begin_row()

    def end_cell(self, node: LexborNode, text: str) -> None:
        """Put a cell into the next column that none from above reaches into."""
        row, number = self._rows[-1], len(self._rows) - 1
        while len(row) < len(self._free_from) and self._free_from[len(row)] > number:
            row.append("")
        column = len(row)
        columns = max(1, min(_span(node, "colspan"), MAX_COLUMNS - column))
        row += [text, *[""] * (columns - 1)]
        rows = _span(node, "rowspan") or ALL_ROWS
        if rows > 1 and column + columns <= MAX_COLUMNS:
            self._free_from += [0] * (column + columns - len(self._free_from))
            self._free_from[column : column + columns] = [number + rows] * columns

    def filled(self) -> list[list[str]]:
        """Return the rows of which a cell holds text."""
        return [row for row in self._rows if any(row)]


def _span(node: LexborNode, name: str) -> int:
    match = NUMBER.match(node.attributes.get(name) or "")
    return int(match[1]) if match else 1
