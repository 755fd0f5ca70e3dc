"""YAML read with the line of every key, and with all that is wrong with the YAML itself as problems.

Line numbers come from the marks of PyYAML's node tree, which the values themselves no longer carry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from stacks.settings_errors import Problem

Key = tuple[str | int, ...]
DEEPEST = 32
STANDARD = "tag:yaml.org,2002:"
# What is taken as more than text. YAML 1.1 knows more: 010 is eight there, 1:30 is ninety, and 2024-02-30 is no date.
CLEAR = {
    "null": re.compile(r"~|[Nn]ull|NULL|"),
    "bool": re.compile(r"(?i:yes|no|true|false|on|off)"),
    "int": re.compile(r"[-+]?(0|[1-9][0-9]{0,30})"),
    "float": re.compile(r"[-+]?([0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30})([eE][-+]?[0-9]{1,3})?"),
    "str": re.compile(r"(?s:.*)"),
}
UNCLEAR = {*CLEAR, "timestamp", "value", "merge"}


class Places:
    """`lines`: where each key stands; `texts`: what the file says where that is more than text, like 17.10."""

    def __init__(self) -> None:
        self.lines: dict[Key, int] = {}
        self.texts: dict[Key, str] = {}


def parse(path: Path) -> tuple[list[Problem], Places, Any]:
    """Return the problems of the YAML itself, where its keys stand, and the data."""
    places = Places()
    try:
        problems, data = _read(path, places)
    except OSError as error:
        problems, data = [Problem((), "a readable file", str(error.strerror), "")], None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        byte = f"the byte 0x{error.object[error.start]:02x}"
        problems, data = [Problem((), "UTF-8 text", byte, "Save it as UTF-8.", line)], None
    except yaml.YAMLError as error:
        problems, data = [_syntax(error)], None
    return problems, places, data


def _read(path: Path, places: Places) -> tuple[list[Problem], Any]:
    loader = yaml.SafeLoader(path.read_bytes().decode("utf-8-sig"))
    try:
        node = loader.get_single_node()
        if node is None:
            return [Problem((), "a mapping of settings", "an empty file", "Copy config/dev.yaml to start.")], None
        problems = list(_walk(node, (), places, ()))
        return problems, None if problems else loader.construct_document(node)
    except RecursionError:
        return [_too_deep(loader.line + 1)], None
    finally:
        loader.dispose()


def _syntax(error: yaml.YAMLError) -> Problem:
    if not isinstance(error, yaml.MarkedYAMLError):
        return Problem((), "YAML", str(error).splitlines()[0], "Remove the special character.")
    mark = error.problem_mark or error.context_mark
    got = " ".join(part for part in (error.context, error.problem) if part)
    remedy = "Indent with spaces." if "\\t" in got else "Check the indentation, quotes and colons near this line."
    return Problem((), "YAML", got, remedy, mark.line + 1 if mark else 1)


def _too_deep(line: int) -> Problem:
    # By its line alone: a key of so many parts helps nobody, and where the parser gives up it is not known.
    return Problem((), f"at most {DEEPEST} levels of nesting", "more", "Check the brackets and the indentation.", line)


def _walk(node: yaml.Node, key: Key, places: Places, above: tuple[int, ...]) -> Iterator[Problem]:
    """Note the place of every key, and yield what no settings may hold: keys twice, keys that are no text, loops."""
    line = node.start_mark.line + 1
    places.lines.setdefault(key, line)
    if id(node) in above:
        yield Problem(key, "a value", "an alias to what contains it", "Write the value out.")
    elif len(above) > DEEPEST:
        yield _too_deep(line)
    elif isinstance(node, yaml.ScalarNode):
        yield from _scalar(node, key, places)
    elif node.tag not in (STANDARD + "seq", STANDARD + "map"):
        yield _tagged(node, key)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(item, (*key, index), places, (*above, id(node)))
    elif isinstance(node, yaml.MappingNode):
        yield from _mapping(node, key, places, (*above, id(node)))


def _mapping(node: yaml.MappingNode, key: Key, places: Places, above: tuple[int, ...]) -> Iterator[Problem]:
    for name, value in node.value:
        child, line = (*key, str(name.value)), name.start_mark.line + 1
        if not isinstance(name, yaml.ScalarNode) or name.tag != STANDARD + "str":
            yield Problem(key, "keys that are text", "another kind of key", "Put the key in quotes.", line)
            continue
        if child in places.lines:
            first = f"it again, first in line {places.lines[child]}"
            yield Problem(child, "each key once", first, "Merge the two.", line)
            continue
        places.lines[child] = line
        yield from _walk(value, child, places, above)


def _scalar(node: yaml.ScalarNode, key: Key, places: Places) -> Iterator[Problem]:
    kind, text = node.tag.removeprefix(STANDARD), " ".join(node.value.split())[:80]
    if kind not in UNCLEAR:
        yield _tagged(node, key)
    elif kind not in CLEAR or not CLEAR[kind].fullmatch(node.value):
        remedy = f'Put it in quotes: "{text}".'
        yield Problem(key, "text in quotes, or a plain decimal number", text, remedy, node.start_mark.line + 1)
    elif kind != "str":
        places.texts[key] = text


def _tagged(node: yaml.Node, key: Key) -> Problem:
    tag = node.tag.replace(STANDARD, "!!")
    return Problem(key, "a value without a YAML tag", tag, "Remove the tag.", node.start_mark.line + 1)
