"""HTML to Markdown-flavoured text: the main content with headings, lists, tables and code."""

from selectolax.lexbor import LexborHTMLParser

from slipway_runtime.prepare.budget import TextBudget
from slipway_runtime.prepare.document import Extracted, Section
from slipway_runtime.prepare.formats.html_bounds import bounded
from slipway_runtime.prepare.formats.html_content import content
from slipway_runtime.prepare.formats.html_meta import read_meta
from slipway_runtime.prepare.formats.html_walk import walk
from slipway_runtime.prepare.formats.markdown_writer import MarkdownWriter


def read_html(text: str, budget: TextBudget) -> Extracted:
    """Return the text of a page's content, and how much of its text that leaves out."""
    page = bounded(text)
    tree = LexborHTMLParser(page)
    title_node = tree.css_first("title")
    title = " ".join(title_node.text().split()) if title_node else ""
    attributes = read_meta(tree)
    description = str(attributes.pop("description", ""))
    root, left_out = content(tree, page)
    if root is None:
        return Extracted(sections=[], title=title, structured=True)
    writer = MarkdownWriter(budget)
    walk(root, writer)
    return Extracted(
        sections=[Section(text=writer.text())],
        title=title,
        structured=True,
        description=description,
        attributes=attributes,
        counts={"html.left_out_characters": left_out} if left_out else {},
    )
