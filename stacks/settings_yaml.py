"""YAML read with the line of every key, and with all that is wrong with the YAML itself as problems.

Line numbers come from the marks of PyYAML's node tree, which the values themselves no longer carry.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from stacks.settings_errors import Problem

Key = tuple[str | int, ...]


def parse(path: Path) -> tuple[list[Problem], dict[Key, int], Any]:
    """Return the problems of the YAML itself, the line of each key, and the data."""
    try:
        loader = yaml.SafeLoader(path.read_bytes().decode("utf-8-sig"))
        try:
            node = loader.get_single_node()
            if node is None:
                return (
                    [Problem((), "a mapping of settings", "an empty file", "Copy config/dev.yaml to start.")],
                    {},
                    None,
                )
            lines: dict[Key, int] = {}
            problems = list(_walk(node, (), lines, ()))
            return problems, lines, None if problems else loader.construct_document(node)
        finally:
            loader.dispose()
    except OSError as error:
        return [Problem((), "a readable file", str(error.strerror), "")], {}, None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        byte = f"the byte 0x{error.object[error.start]:02x}"
        return [Problem((), "UTF-8 text", byte, "Save it as UTF-8.", line)], {}, None
    except yaml.YAMLError as error:
        return [_syntax(error)], {}, None


def _syntax(error: yaml.YAMLError) -> Problem:
    if not isinstance(error, yaml.MarkedYAMLError):
        return Problem((), "YAML", str(error).splitlines()[0], "Remove the special character.")
    mark = error.problem_mark or error.context_mark
    got = " ".join(part for part in (error.context, error.problem) if part)
    remedy = "Indent with spaces." if "\\t" in got else "Check the indentation, quotes and colons near this line."
    return Problem((), "YAML", got, remedy, mark.line + 1 if mark else 1)


def _walk(node: yaml.Node, key: Key, lines: dict[Key, int], above: tuple[int, ...]) -> Iterator[Problem]:
    """Note the line of every key, and yield what no settings may hold: keys twice, keys that are no text, loops."""
    lines.setdefault(key, node.start_mark.line + 1)
    if id(node) in above:
        yield Problem(key, "a value", "an alias to what contains it", "Write the value out.")
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(item, (*key, index), lines, (*above, id(node)))
    elif isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            child, line = (*key, str(name.value)), name.start_mark.line + 1
            if not isinstance(name, yaml.ScalarNode) or name.tag != "tag:yaml.org,2002:str":
                yield Problem(key, "keys that are text", "another kind of key", "Put the key in quotes.", line)
                continue
            if child in lines:
                yield Problem(child, "each key once", f"it again, first in line {lines[child]}", "Merge the two.", line)
                continue
            lines[child] = line
            yield from _walk(value, child, lines, (*above, id(node)))
