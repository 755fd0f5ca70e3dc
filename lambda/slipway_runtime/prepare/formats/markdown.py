"""Markdown is nearly the normal form already: only the front matter goes."""

import re

from slipway_runtime.prepare.document import Extracted, Section

FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|\Z)", re.DOTALL)
TITLE = re.compile(r"""^title:[ \t]*["']?(.+?)["']?[ \t]*$""", re.MULTILINE)
SETEXT = re.compile(r"^(?![ \t]*[#>|`~-])(\S[^\n]*)\n(=+|-+)[ \t]*$", re.MULTILINE)
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def read_markdown(text: str) -> Extracted:
    """Return the text without YAML front matter and, where no code fence could hold them, without HTML comments.

    Underlined headings become '#' headings so that the chunker knows one kind only.
    """
    text = text.replace("\r\n", "\n")
    title = ""
    if front := FRONT_MATTER.match(text):
        found = TITLE.search(front.group(1) or "")
        title = found.group(1).strip() if found else ""
        text = text[front.end() :]
    if not FENCE.search(text):
        text = SETEXT.sub(lambda match: f"{'#' if match.group(2)[0] == '=' else '##'} {match.group(1)}", text)
        text = COMMENT.sub("", text)
    return Extracted(sections=[Section(text=text)], title=title, structured=True)
