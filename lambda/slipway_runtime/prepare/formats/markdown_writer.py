"""Writes the elements of a page as Markdown-flavoured text."""

import re

from selectolax.lexbor import LexborNode

from slipway_runtime.prepare.budget import TextBudget
from slipway_runtime.prepare.formats.table_rows import TableRows

HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
BLOCKS = frozenset(
    (
        *("p", "div", "section", "article", "main", "body", "blockquote", "figure", "figcaption", "details", "summary"),
        *("dl", "dt", "dd", "address", "fieldset", "hr", "header", "center"),
    )
)
LISTS = frozenset(("ul", "ol"))
SPACE = re.compile(r"[ \t\n\r\f]+")
# A paragraph that begins like a heading, a fence or a table row would change the document's structure.
LOOKS_STRUCTURED = re.compile(r"^(#{1,6} |```|~~~|\|)")


class MarkdownWriter:
    """Collects blocks of text; inside a table cell everything is one line, since Markdown has no other way."""

    def __init__(self, budget: TextBudget) -> None:
        self._budget = budget
        self._blocks: list[str] = []
        self._inline: list[str] = []
        self._lists: list[int | None] = []
        self._prefix = ""
        self._rows: TableRows | None = None
        self._table_depth = 0

    def enter(self, node: LexborNode) -> bool:
        """Begin an element; returns whether its children are to be visited."""
        tag = node.tag
        if tag == "-text":
            self._inline.append(SPACE.sub(" ", node.text_content or ""))
        elif tag == "img":
            self._inline.append(f" {node.attributes.get('alt') or ''} ")
        elif tag == "pre":
            self._pre(node.text())
            return False
        elif tag == "table":
            self._begin_table()
        elif self._rows is not None:
            self._enter_in_table(tag or "", self._rows)
        else:
            self._enter_block(tag or "")
        return True

    def leave(self, node: LexborNode) -> None:
        """End an element."""
        tag = node.tag or ""
        if tag == "table":
            self._end_table()
        elif self._rows is not None:
            if tag in ("td", "th") and self._table_depth == 1:
                self._rows.end_cell(node, self._take().replace("|", "\\|"))
            elif tag in BLOCKS or tag in HEADINGS or tag == "li":
                self._inline.append(" ")
        elif tag in HEADINGS or tag in BLOCKS or tag == "li":
            self._flush()
            self._prefix = ""
        elif tag in LISTS:
            self._flush()
            self._lists.pop()
            if not self._lists:
                self._blocks.append("")  # two lists in a row are two lists

    def text(self) -> str:
        """Return what was written: blocks with one empty line between, list items without."""
        self._flush()
        out: list[str] = []
        for before, block in zip(["", *self._blocks], self._blocks, strict=False):
            tight = _is_item(block) and _is_item(before)
            out.append(f"{chr(10) if tight else chr(10) * 2}{block}" if block else "")
        return "".join(out).strip("\n")

    def _enter_block(self, tag: str) -> None:
        if tag in HEADINGS:
            self._flush()
            self._prefix = "#" * HEADINGS[tag] + " "
        elif tag in LISTS:
            self._flush()
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._flush()
            self._prefix = self._item_prefix()
        elif tag == "br":
            self._inline.append("\n")
        elif tag in BLOCKS:
            # A paragraph that opens a list item belongs to it.
            if self._take_is_empty() and self._prefix:
                self._inline.clear()
                return
            self._flush()

    def _enter_in_table(self, tag: str, rows: TableRows) -> None:
        if tag == "tr" and self._table_depth == 1:
            rows.begin_row()
        elif tag in ("td", "th") and self._table_depth == 1:
            self._inline.clear()
            rows.begin_cell()
        elif tag in ("thead", "tbody", "tfoot") and self._table_depth == 1:
            rows.begin_group()
        elif tag == "br":
            self._inline.append(" ")

    def _item_prefix(self) -> str:
        indent = "  " * max(0, len(self._lists) - 1)
        if not self._lists or self._lists[-1] is None:
            return f"{indent}- "
        self._lists[-1] += 1
        return f"{indent}{self._lists[-1]}. "

    def _begin_table(self) -> None:
        self._table_depth += 1
        if self._table_depth == 1:
            self._flush()
            self._rows = TableRows()

    def _end_table(self) -> None:
        self._table_depth -= 1
        if self._table_depth > 0 or self._rows is None:
            return
        rows = self._rows.filled()
        self._rows = None
        self._inline.clear()
        if rows:
            lines = [f"| {' | '.join(row)} |" for row in rows]
            lines.insert(1, "|" + " --- |" * len(rows[0]))
            self._blocks.append(self._budget.take("\n".join(lines)))

    def _pre(self, code: str) -> None:
        if self._rows is not None:
            self._inline.append(SPACE.sub(" ", code))
            return
        self._flush()
        code = code.strip("\n")
        fence = "````" if "```" in code else "```"
        if code.strip():
            self._blocks.append(self._budget.take(f"{fence}\n{code}\n{fence}"))

    def _take_is_empty(self) -> bool:
        return not "".join(self._inline).strip()

    def _take(self) -> str:
        lines = (SPACE.sub(" ", line).strip() for line in "".join(self._inline).split("\n"))
        self._inline.clear()
        return "\n".join(line for line in lines if line)

    def _flush(self) -> None:
        text = self._take()
        if not text:
            return
        if self._prefix.startswith("#"):
            text = text.replace("\n", " ")
        elif not self._prefix:
            text = "\n".join(LOOKS_STRUCTURED.sub(r"\\\1", line) for line in text.split("\n"))
        self._blocks.append(self._budget.take(self._prefix + text))
        # What follows in the same list item is indented under it by the item's own depth.
        self._prefix = ""


def _is_item(block: str) -> bool:
    return re.match(r"\s*(?:- |\d+\. )", block) is not None
