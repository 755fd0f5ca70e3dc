"""Markdown is nearly the normal form already: only the front matter goes."""

import re

from slipway_runtime.prepare.budget import TextBudget
from slipway_runtime.prepare.document import Extracted, Section

FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|\Z)", re.DOTALL)
TITLE = re.compile(r"^title:([^\n]{1,300})$", re.MULTILINE)
SETEXT = re.compile(r"^(?![ \t]*[#>|`~-])(\S[^\n]*)\n(=+|-+)[ \t]*$", re.MULTILINE)
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)
MAX_FRONT_MATTER_CHARACTERS = 20_000


def read_markdown(text: str, budget: TextBudget) -> Extracted:
    """Return the text without YAML front matter and, where no code fence could hold them, without HTML comments.

    Underlined headings become '#' headings so that the chunker knows one kind only.
    """
    text = text.replace("\r\n", "\n")
    title = ""
    if front := FRONT_MATTER.match(text[:MAX_FRONT_MATTER_CHARACTERS]):
        found = TITLE.search(front.group(1) or "")
        title = found.group(1).strip(" \t\"'") if found else ""
        text = text[front.end() :]
    if not FENCE.search(text):
        text = SETEXT.sub(lambda match: f"{'#' if match.group(2)[0] == '=' else '##'} {match.group(1)}", text)
        text = _without_comments(text)
    return Extracted(sections=[Section(text=budget.take(text))], title=title, structured=True)


def _without_comments(text: str) -> str:
    """Remove closed comments by one pass; a pattern would look for the end again after each that has none."""
    kept: list[str] = []
    position = 0
    while (start := text.find("<!--", position)) >= 0 and (end := text.find("-->", start)) >= 0:
        kept.append(text[position:start])
        position = end + 3
    return "".join(kept) + text[position:]
