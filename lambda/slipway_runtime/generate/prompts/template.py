r"""Templates: text with places `{{name}}` for variables, and nothing else: no expressions, loops or code.

A text is parsed once, before any value is known, and values are put between its pieces: what stands in a value is
never read as a template. A literal `{{` is written `\{{`.
Source: OWASP LLM Top 10, "Prompt Injection" (separate instructions from data).
"""

import functools
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

PIECE = re.compile(r"\\(?P<escaped>\{\{)|\{\{ {0,8}(?P<name>[a-z][a-z0-9_]{0,63}) {0,8}\}\}|(?P<wrong>\{\{)")
TAG = re.compile(r"</? {0,8}([A-Za-z][A-Za-z0-9_-]{0,63})")


class Place(NamedTuple):
    """Where a variable's value goes."""

    name: str


class TemplateError(Exception):
    """A template that cannot be read; the text says where."""


@functools.lru_cache(512)
def parse(text: str) -> tuple[str | Place, ...]:
    """Return the pieces of a template in order. Raises: TemplateError for a `{{` that begins no place."""
    pieces: list[str | Place] = []
    end = 0
    for found in PIECE.finditer(text):
        if found["wrong"]:
            line = text.count("\n", 0, found.start()) + 1
            raise TemplateError(
                f"line {line}: '{text[found.start() : found.start() + 20]}' is no variable: "
                "expected {{name}} of lower-case letters, digits and '_', or \\{{ for the characters themselves"
            )
        pieces += [text[end : found.start()], Place(found["name"]) if found["name"] else found["escaped"]]
        end = found.end()
    return tuple(piece for piece in (*pieces, text[end:]) if piece)


def names(text: str) -> set[str]:
    """Return the variables that a template uses. Raises: TemplateError."""
    return {piece.name for piece in parse(text) if isinstance(piece, Place)}


def render(text: str, values: Mapping[str, str]) -> str:
    """Return the template with each place filled by its value, as it is. Raises: TemplateError, KeyError."""
    return "".join(values[piece.name] if isinstance(piece, Place) else piece for piece in parse(text))


def tags(texts: Iterable[str]) -> frozenset[str]:
    """Return the names of the tags that templates write, like document for `<document>{{text}}</document>`."""
    return frozenset(name.lower() for text in texts for name in TAG.findall(text))


def as_data(value: str, own_tags: frozenset[str]) -> str:
    """Return a value that can neither close nor open a tag of the templates; other text stays as it is."""
    if not own_tags or "<" not in value:
        return value
    return _opening(own_tags).sub("&lt;", value)


@functools.lru_cache(256)
def _opening(own_tags: frozenset[str]) -> re.Pattern[str]:
    return re.compile(rf"<(?=[\s/]{{0,64}}(?:{'|'.join(map(re.escape, sorted(own_tags)))})\b)", re.IGNORECASE)
