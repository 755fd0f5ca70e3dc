"""Markdown is nearly the normal form already: only the front matter goes."""

import re
from collections import Counter

from slipway_runtime.prepare.attributes.front_matter import Value, is_front_matter, parse
from slipway_runtime.prepare.budget import TextBudget
from slipway_runtime.prepare.document import Extracted, Section

FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|\Z)", re.DOTALL)
SETEXT = re.compile(r"^(?![ \t]*[#>|`~-])(\S[^\n]*)\n(=+|-+)[ \t]*$", re.MULTILINE)
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)
MAX_FRONT_MATTER_CHARACTERS = 20_000


def read_markdown(text: str, budget: TextBudget) -> Extracted:
    """Return the text without YAML front matter and, where no code fence could hold them, without HTML comments.

    Underlined headings become '#' headings so that the chunker knows one kind only.
    """
    text = text.replace("\r\n", "\n")
    title = description = ""
    attributes: dict[str, Value] = {}
    counts: Counter[str] = Counter()
    front = FRONT_MATTER.match(text[:MAX_FRONT_MATTER_CHARACTERS])
    if front and is_front_matter(front.group(1) or ""):
        attributes, counts["attributes.dropped"] = parse(front.group(1) or "")
        title, description = _take(attributes, "title"), _take(attributes, "description", "summary")
        _rename(attributes, "lang", "language")
        text = text[front.end() :]
    if not FENCE.search(text):
        text = SETEXT.sub(lambda match: f"{'#' if match.group(2)[0] == '=' else '##'} {match.group(1)}", text)
        text, counts["markdown.comments"] = _without_comments(text)
    return Extracted(
        sections=[Section(text=budget.take(text))],
        title=title,
        structured=True,
        description=description,
        attributes=attributes,
        counts={name: number for name, number in counts.items() if number},
    )


def _take(attributes: dict[str, Value], *keys: str) -> str:
    """Take the first of these keys out and return its text."""
    found = next((key for key in keys if isinstance(attributes.get(key), str)), "")
    return str(attributes.pop(found)) if found else ""


def _rename(attributes: dict[str, Value], old: str, new: str) -> None:
    if old in attributes:
        attributes.setdefault(new, attributes.pop(old))


def _without_comments(text: str) -> tuple[str, int]:
    """Remove closed comments by one pass and count them; a pattern would look for the end again after each without."""
    kept: list[str] = []
    position = 0
    while (start := text.find("<!--", position)) >= 0 and (end := text.find("-->", start)) >= 0:
        kept.append(text[position:start])
        position = end + 3
    return "".join(kept) + text[position:], len(kept)
