"""What the head of an HTML page says of it.

Source: HTML standard, 4.2.5.1 "Standard metadata names"; Dublin Core in HTML; the Open Graph protocol, "article".
"""

from selectolax.lexbor import LexborHTMLParser

from slipway_runtime.prepare.attributes.bounds import Attribute, split_list

NAMES = {
    **dict.fromkeys(("description", "dc.description", "dcterms.description", "og:description"), "description"),
    **dict.fromkeys(("keywords", "article:tag", "dc.subject"), "tags"),
    **dict.fromkeys(("author", "dc.creator", "dcterms.creator", "article:author"), "author"),
    **dict.fromkeys(("date", "dc.date", "dcterms.created", "article:published_time"), "date"),
    **dict.fromkeys(("dcterms.modified", "article:modified_time", "last-modified"), "modified"),
}
# Attributes of one's own are written <meta name="slipway:product" content="…">.
OWN = "slipway:"
MAX_ELEMENTS = 200


def read_meta(tree: LexborHTMLParser) -> dict[str, Attribute]:
    """Return the attributes that <meta> elements and the page's language give; of equal ones the first counts."""
    found: dict[str, Attribute] = {}
    for node in tree.css("meta[content]")[:MAX_ELEMENTS]:
        given = node.attributes
        name = (given.get("name") or given.get("property") or "").strip().lower()
        key = name.removeprefix(OWN) if name.startswith(OWN) else NAMES.get(name, "")
        value = " ".join((given.get("content") or "").split())
        if key == "tags":
            known = found.setdefault(key, [])
            if isinstance(known, list):
                known += split_list(value)
        elif key and value:
            found.setdefault(key, value)
    root = tree.css_first("html[lang]")
    if root is not None and (language := (root.attributes.get("lang") or "").strip()):
        found.setdefault("language", language)
    return found
