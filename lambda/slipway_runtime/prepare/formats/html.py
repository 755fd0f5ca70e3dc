"""HTML to Markdown-flavoured text: the main content with headings, lists, tables and code."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from slipway_runtime.prepare.budget import TextBudget
from slipway_runtime.prepare.document import Extracted, Section
from slipway_runtime.prepare.formats.html_bounds import bounded
from slipway_runtime.prepare.formats.html_meta import read_meta
from slipway_runtime.prepare.formats.markdown_writer import MarkdownWriter

# What is never content. A <header> inside the main content often holds its title, so only the page's own one goes.
DROPPED = (
    "script,style,noscript,template,svg,iframe,object,nav,footer,aside,form,button,select,textarea,dialog,head,[hidden]"
)
# Landmarks by role, and consent dialogs by the names that their makers and most authors give them.
DROPPED_BY_NAME = ",".join(
    [
        *(f"[role={role}]" for role in ("navigation", "banner", "contentinfo", "search", "dialog", "alertdialog")),
        *("#onetrust-consent-sdk", "#CybotCookiebotDialog", "#usercentrics-root", ".cc-window", "#cookie-law-info-bar"),
        *(
            f"[{name}*=cookie{sign}{what} i]"
            for name in ("id", "class")
            for sign in ("-", "_", "")
            for what in ("banner", "consent", "notice", "bar", "dialog", "popup")
        ),
    ]
)
PAGE_HEADERS = "body > header, body > div > header"
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def read_html(text: str, budget: TextBudget) -> Extracted:
    """Return the text of <main> or the only <article>, else of <body>, without navigation, forms and hidden
    elements.
    """
    tree = LexborHTMLParser(bounded(text))
    title_node = tree.css_first("title")
    title = " ".join(title_node.text().split()) if title_node else ""
    attributes = read_meta(tree)
    description = str(attributes.pop("description", ""))
    root = _main(tree)
    if root is None:
        return Extracted(sections=[], title=title, structured=True)
    _strip(root)
    writer = MarkdownWriter(budget)
    _walk(root, writer)
    return Extracted(
        sections=[Section(text=writer.text())],
        title=title,
        structured=True,
        description=description,
        attributes=attributes,
    )


def _main(tree: LexborHTMLParser) -> LexborNode | None:
    for selector in ("main", "[role=main]", "article"):
        found = tree.css(selector)
        if len(found) == 1 and found[0].text(strip=True):
            return found[0]
    for node in tree.css(PAGE_HEADERS):
        node.decompose()
    return tree.body


def _strip(root: LexborNode) -> None:
    for node in root.css(f"{DROPPED},{DROPPED_BY_NAME}"):
        node.decompose()
    for node in root.css("[style],[aria-hidden=true]"):
        attributes = node.attributes
        if attributes.get("aria-hidden") == "true" or HIDDEN.search(attributes.get("style") or ""):
            node.decompose()


def _walk(root: LexborNode, writer: MarkdownWriter) -> None:
    """Visit every node without recursion: the depth of a page is its author's choice."""
    node, depth = root, 0
    while True:
        descend = writer.enter(node)
        child = node.child if descend else None
        if child is not None:
            node, depth = child, depth + 1
            continue
        while node.next is None or depth == 0:
            writer.leave(node)
            if depth == 0:
                return
            parent = node.parent
            if parent is None:
                return
            node, depth = parent, depth - 1
        writer.leave(node)
        node = node.next
