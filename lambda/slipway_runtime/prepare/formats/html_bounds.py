"""Bounds what makes an HTML parser slow before it parses: depth of nesting, and attributes of one tag.

The standard's tree builder looks through the open elements at every block, and at every attribute through those before
it: both cost the square of what an author may write. Browsers stop nesting at 512 elements and put what is deeper
beside each other, so this loses nothing that a reader would have seen.
Source: HTML Standard, section 13.2.6 (tree construction); Blink's `kMaximumHTMLParserDOMTreeDepth`.
"""

import re
from collections import Counter

MAX_DEPTH = 512
MAX_ATTRIBUTES = 256
# A page with few tags and no more text than this takes milliseconds, whatever it holds.
SMALL_CHARACTERS = 32 * 1024
# Elements that never hold others, and those that the next of their kind closes.
FLAT = frozenset(
    (
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"),
        *("p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "colgroup", "rt", "rp"),
        *("html", "head", "body", "a"),
    )
)
# A second one only adds its attributes to the first.
ONCE = ("html", "body")
# They hold what is offered in a form, which is no content, and parsers differ in when they close.
LEFT_OUT = ("option", "optgroup")
# A comment, an element of raw text, a tag: each to its own end or to that of the document, so that nothing is read
# twice.
TOKEN = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"
    r"|<(script|style|xmp|iframe|noembed|noframes)\b.*?(?:</\1|\Z)"
    r"|<(/?)([a-z][^\s/>]*)([^>]*)(>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
QUOTED = re.compile(r""""[^"]*"|'[^']*'""")
BETWEEN_ATTRIBUTES = re.compile(r"""[\s/"]+""")


def bounded(text: str) -> str:
    """Return the page with at most 512 elements open at once and no tag of more than 256 attributes."""
    if text.count("<") <= MAX_DEPTH and len(text) <= SMALL_CHARACTERS:
        return text
    return TOKEN.sub(_Bounds().keep, text)


class _Bounds:
    """The tags that are open, and those that were left out, by name."""

    def __init__(self) -> None:
        self._depth = 0
        self._open: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()

    def keep(self, match: re.Match[str]) -> str:
        """Return a token, what is kept of it, or a blank, so that the words on both sides stay two."""
        _, slash, name, attributes, end = match.groups()
        if name is None:
            return match.group()
        name = name.lower()
        if name in LEFT_OUT or (name in ONCE and not slash and self._is_again(name)):
            return " "
        if name not in FLAT and not (self._leave(name) if slash else self._enter(name)):
            return " "
        if len(attributes) > 2 * MAX_ATTRIBUTES:
            pieces = BETWEEN_ATTRIBUTES.split(QUOTED.sub('"', attributes), maxsplit=MAX_ATTRIBUTES)
            if len(pieces) > MAX_ATTRIBUTES:
                return f"<{slash}{name}{end}"
        return match.group()

    def _is_again(self, name: str) -> bool:
        self._open[name] += 1
        return self._open[name] > 1

    def _enter(self, name: str) -> bool:
        if self._depth >= MAX_DEPTH:
            self._left_out[name] += 1
            return False
        self._depth += 1
        self._open[name] += 1
        return True

    def _leave(self, name: str) -> bool:
        if self._left_out[name]:
            self._left_out[name] -= 1
            return False
        if self._open[name]:
            self._open[name] -= 1
            self._depth -= 1
        return True
