"""The part of YAML that people write above Markdown: scalars, lists of scalars and block text.

Nested maps, anchors, aliases and tags are left out, so nothing can refer to anything, run anything or grow.
Source: YAML 1.2.2, chapters 7.3 "Flow Scalar Styles", 7.4.1 "Flow Sequences", 8.1 "Block Scalar Styles".
"""

import contextlib
import json
import re
from collections.abc import Iterator

Value = str | bool | int | float | list[str]
# Writers quote keys that YAML 1.1 takes for truth values, such as no and on.
KEY_LINE = re.compile(r"""(["']?)([A-Za-z_][A-Za-z0-9_.-]*)\1[ \t]*:(?:[ \t]+(.*?))?[ \t]*\Z""")
# Keys that no filter can name, such as "date created": what they hold is left out.
OTHER_KEY_LINE = re.compile(r"[^\s#:-][^:]{0,60}:(?:[ \t]|\Z)")
# What a line that begins no key may be: blank, indented, a comment, an item, or the end of a list or map.
CONTINUED = re.compile(r"\Z|[ \t#\]}]|-(?:[ \t]|\Z)")
ITEM = re.compile(r"[ \t]*-(?:[ \t]+(.*?))?[ \t]*\Z")
COMMENT = re.compile(r"(?:^|[ \t]+)#.*\Z")
BLOCK = re.compile(r"([|>])[+-]?[0-9]?[+-]?\Z")
FLOW_ITEM = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,\[\]{}"']*)\s*(?:,|\Z)""")
# A number written with leading zeros is a name, such as a postcode; YAML 1.1 and 1.2 do not agree on what it means.
INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,15})")
DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,15})\.[0-9]{1,16}")
WORDS: dict[str, bool] = {"true": True, "false": False}


def parse(text: str) -> tuple[dict[str, Value], int]:
    """Return the values by key, in order, and how many keys hold what is left out. The first of equal keys counts."""
    found: dict[str, Value] = {}
    left_out = 0
    for key, first, rest in _entries(text.split("\n")):
        value = _value(first, rest) if key else None
        if value is None:
            left_out += 1
        elif value != "" and key not in found:
            found[key] = value
    return found, left_out


def is_front_matter(text: str) -> bool:
    """Return whether this is a map of YAML, and not prose between two rules: a key first, and then no line that neither
    is one nor belongs to one.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    first = next((line for line in lines if not line.startswith("#")), "")
    if not KEY_LINE.match(first):
        return not lines
    return all(CONTINUED.match(line) or _key(line) for line in lines)


def _key(line: str) -> tuple[str, str] | None:
    """Return the key that a line begins, "" for one that no filter can name, and what stands behind it."""
    if match := KEY_LINE.match(line):
        return match[2], match[3] or ""
    return ("", "") if OTHER_KEY_LINE.match(line) else None


def _entries(lines: list[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield (key, the rest of its line, the lines that belong to it)."""
    begun: tuple[str, str] | None = None
    rest: list[str] = []
    for line in lines:
        if found := _key(line):
            if begun:
                yield *begun, rest
            begun, rest = found, []
        elif not line.startswith("#"):
            rest.append(line)
    if begun:
        yield *begun, rest


def _value(first: str, rest: list[str]) -> Value | None:
    """Return the value, "" where there is none, or None where it is of a kind that is left out."""
    if block := BLOCK.match(COMMENT.sub("", first)):
        return _block(rest, folded=block[1] == ">")
    lines = [line for line in rest if line.strip()]
    if not first or first.startswith("#"):
        items = [ITEM.match(line) for line in lines]
        values = [_scalar(item[1] or "") for item in items if item]
        if len(values) < len(items) or None in values:
            return None
        return [_text(value) for value in values if value is not None] or ""
    if first.startswith("["):
        return _flow(" ".join([COMMENT.sub("", first), *(COMMENT.sub("", line).strip() for line in lines)]).strip())
    return _scalar(" ".join([first, *(line.strip() for line in lines)]))


def _block(lines: list[str], *, folded: bool) -> str:
    texts = [line.strip() for line in lines]
    return (" " if folded else "\n").join(texts).strip()


def _flow(text: str) -> list[str] | None:
    if not text.endswith("]"):
        return None
    values: list[str] = []
    inside, at = text[1:-1].strip(), 0
    while at < len(inside):
        match = FLOW_ITEM.match(inside, at)
        if match is None or (value := _scalar(match[1].strip())) is None:
            return None
        values.append(_text(value))
        at = match.end()
    return values


def _scalar(text: str) -> str | bool | int | float | None:
    if text.startswith(('"', "'")):
        return _quoted(text)
    text = COMMENT.sub("", text).strip()
    if text[:1] in ("&", "*", "!", "{", "}", "[", "]", "`", "@", "%", "|", ">"):
        return None
    if text in ("~", "null", "Null", "NULL"):
        return ""
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    return int(text) if INTEGER.fullmatch(text) else float(text) if DECIMAL.fullmatch(text) else text


def _quoted(text: str) -> str | None:
    if text.startswith("'"):
        match = re.match(r"'((?:[^']|'')*)'[ \t]*(?:#.*)?\Z", text)
        return match[1].replace("''", "'") if match else None
    with contextlib.suppress(ValueError):
        value, end = json.JSONDecoder().raw_decode(text)
        if isinstance(value, str) and not COMMENT.sub("", text[end:]).strip():
            return value
    return None


def _text(value: str | bool | int | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
