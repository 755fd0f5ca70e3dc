"""Which part of a page is its content.

What tags and names say is believed only as far as the text agrees: some pages wrap all they have in a form, put the
state of the cookie banner on their outermost element, or mark a teaser as their only article. Where little would be
left, the whole body is read. Text is weighed without that of links, of which menus consist.
Source: Kohlschütter et al., "Boilerplate Detection using Shallow Text Features" (WSDM 2010), link density.
"""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from slipway_runtime.prepare.formats.html_walk import weigh

NO_TEXT = "script,style,noscript,template,svg,iframe,object,button,select,textarea,head"
# A <header> inside the main content often holds its title, so only the page's own one goes.
FURNITURE = ",".join(
    [
        *("nav", "footer", "aside", "dialog"),
        *(f"[role={role}]" for role in ("navigation", "banner", "contentinfo", "search", "dialog", "alertdialog")),
        *("#onetrust-consent-sdk", "#CybotCookiebotDialog", "#usercentrics-root", ".cc-window", "#cookie-law-info-bar"),
    ]
)
PAGE_HEADERS = "body > header, body > div > header"
# These go only where they hold less than half of the text: forms, what screen readers skip (people see it), and what
# most authors call their consent dialogs.
DOUBTFUL = ",".join(
    [
        "form,[aria-hidden=true]",
        *(
            f"[{name}*=cookie{sign}{what} i]"
            for name in ("id", "class")
            for sign in ("-", "_", "")
            for what in ("banner", "consent", "notice", "bar", "dialog", "popup")
        ),
    ]
)
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# Scripts show what they hide while a page loads: the body and its main part.
SHOWN_LATER = "body,main,[role=main]"
MAIN = ("main", "[role=main]", "article")
# The main part holds at least so much of the text of the body; and what is read, so much of the text of the page.
MIN_MAIN_SHARE = 1 / 3
MIN_SHARE = 0.1


def content(tree: LexborHTMLParser, page: str) -> tuple[LexborNode | None, int]:
    """Return <main> or the only <article>, else the body, without what is no content, and how many characters of the
    page's text, blanks apart, are not in it. The tree of the `page` is changed.
    """
    body = _body(tree)
    if body is None:
        return None, 0
    characters = _characters(body)
    _drop_hidden(body)
    whole, _ = weigh(body, [])
    root = _stripped(body)
    kept, _ = weigh(root, [])
    if kept < MIN_SHARE * whole and (again := _body(LexborHTMLParser(page))) is not None:
        root = again
        _drop_hidden(root)
    return root, characters - _characters(root)


def _body(tree: LexborHTMLParser) -> LexborNode | None:
    for node in tree.css(NO_TEXT):
        node.decompose()
    return tree.body


def _drop_hidden(body: LexborNode) -> None:
    shown = {node.mem_id for node in body.css(SHOWN_LATER)}
    for node in body.css("[hidden],[style]"):
        attributes = node.attributes
        is_hidden = "hidden" in attributes or HIDDEN.search(attributes.get("style") or "")
        if is_hidden and node.mem_id not in shown:
            node.decompose()


def _stripped(body: LexborNode) -> LexborNode:
    """Return the main part, or the body, after what is no content is taken out of it."""
    candidates = [found[0] for found in map(body.css, MAIN) if len(found) == 1]
    total, weights = weigh(body, candidates)
    enough = [node for node in candidates if node.text(strip=True) and weights[node.mem_id] >= MIN_MAIN_SHARE * total]
    root = enough[0] if enough else body
    for node in root.css(FURNITURE if enough else f"{FURNITURE},{PAGE_HEADERS}"):
        if node.mem_id != root.mem_id:
            node.decompose()
    if doubtful := [node for node in root.css(DOUBTFUL) if node.mem_id != root.mem_id]:
        total, weights = weigh(root, doubtful)
        for node in doubtful:
            if 2 * weights[node.mem_id] < total or not total:
                node.decompose()
    return root


def _characters(root: LexborNode) -> int:
    return len("".join(root.text().split()))
