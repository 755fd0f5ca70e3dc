"""Reading `config/<environment>.yaml`, with every error of a file at once, each with its line, key and remedy.

Line numbers come from the marks of PyYAML's node tree, which the values themselves no longer carry.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from stacks.settings import Settings
from stacks.settings_errors import Problem, problem_of, value_at
from stacks.settings_rules import ImpossibleSettings

ENVIRONMENT_NAME = re.compile(r"[a-z][a-z0-9-]{0,15}")
Key = tuple[str | int, ...]


class SettingsError(Exception):
    """Settings that cannot be used. The text has one line for each error: `file:line: key: expected, got. remedy`."""


def read_environments(folder: Path, only: str | None = None) -> dict[str, Settings]:
    """Return the settings of each environment of a folder, by name; of one environment if `only` names it.

    Raises: SettingsError with every error of every file read, or if there is no such folder or environment.
    """
    files = {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    if not files:
        raise SettingsError(f"{folder}: expected a folder with one .yaml file for each environment, got none")
    if only is not None:
        if only not in files:
            raise SettingsError(f"{folder}: expected -c env={_one_of(files)}, got {only!r}{_hint(only, files)}")
        files = {only: files[only]}
    found, errors = {}, []
    for name, path in files.items():
        try:
            found[name] = read_settings(path)
        except SettingsError as error:
            errors.append(str(error))
    if errors:
        raise SettingsError("\n".join(errors))
    return found


def read_settings(path: Path) -> Settings:
    """Return the settings of one file. Raises: SettingsError with every error of the file."""
    if not ENVIRONMENT_NAME.fullmatch(path.stem):
        raise SettingsError(
            f"{path}:1: expected a file name of at most 16 lower-case letters, digits and hyphens, got {path.name!r}. "
            "The file's name is the environment's: rename it."
        )
    problems, lines, data = _parse(path)
    if not problems:
        problems, settings = _validate(data)
        if settings is not None:
            return settings
    raise SettingsError("\n".join(_line(path, lines, problem) for problem in _in_file_order(problems, lines)))


def _parse(path: Path) -> tuple[list[Problem], dict[Key, int], Any]:
    """Return the problems of the YAML itself, the line of each key, and the data."""
    try:
        loader = yaml.SafeLoader(path.read_bytes().decode("utf-8-sig"))
        try:
            node = loader.get_single_node()
            if node is None:
                return [Problem((), "a mapping of settings", "an empty file", "Copy config/dev.yaml to start.")], {}, None
            lines: dict[Key, int] = {}
            problems = list(_walk(node, (), lines, ()))
            return problems, lines, None if problems else loader.construct_document(node)
        finally:
            loader.dispose()
    except OSError as error:
        return [Problem((), "a readable file", error.strerror, "")], {}, None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return [Problem((), "UTF-8 text", f"the byte 0x{error.object[error.start]:02x}", "Save it as UTF-8.", line)], {}, None
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
    """Note the line of every key, and yield duplicate keys, keys that are no text, and nodes that contain themselves."""
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


def _validate(data: Any) -> tuple[list[Problem], Settings | None]:
    """Return the problems of the values, and the settings if there are none."""
    try:
        return [], Settings.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
    problems = [problem_of(detail, data) for detail in details if detail["type"] != "value_error"]
    for detail in details:
        broken = detail.get("ctx", {}).get("error")
        if isinstance(broken, ImpossibleSettings):
            problems += [Problem(v.key, v.expected, str(v.got), v.remedy) for v in broken.violations]
    if problems and not any(detail["type"] == "value_error" for detail in details):
        problems += _impossible_without(data, [problem.key for problem in problems])
    return problems, None


def _impossible_without(data: Any, bad: list[Key]) -> list[Problem]:
    """Return the impossible combinations that remain once the bad keys are left out, so that they are told too."""
    if not isinstance(data, dict) or () in bad:
        return []
    rest = _without(data, (), set(bad))
    return [problem for problem in _validate_rules(rest) if not any(_related(problem.key, key) for key in bad)]


def _validate_rules(data: Any) -> list[Problem]:
    try:
        Settings.model_validate(data)
    except ValidationError as error:
        found = [detail.get("ctx", {}).get("error") for detail in error.errors(include_url=False)]
        broken = [item for item in found if isinstance(item, ImpossibleSettings)]
        return [Problem(v.key, v.expected, str(v.got), v.remedy) for item in broken for v in item.violations]
    return []


def _without(value: Any, key: Key, bad: set[Key]) -> Any:
    if isinstance(value, dict):
        return {name: _without(item, (*key, name), bad) for name, item in value.items() if (*key, name) not in bad}
    if isinstance(value, list):
        return [_without(item, (*key, at), bad) for at, item in enumerate(value) if (*key, at) not in bad]
    return value


def _related(key: Key, bad: Key) -> bool:
    return key[: len(bad)] == bad or bad[: len(key)] == key


def _in_file_order(problems: list[Problem], lines: dict[Key, int]) -> list[Problem]:
    return sorted(problems, key=lambda problem: problem.line or _line_of(problem.key, lines))


def _line_of(key: Key, lines: dict[Key, int]) -> int:
    """Return the line of a key, or of the nearest section above it that is in the file."""
    return next((lines[key[:end]] for end in range(len(key), -1, -1) if key[:end] in lines), 1)


def _line(path: Path, lines: dict[Key, int], problem: Problem) -> str:
    place = f"{path}:{problem.line or _line_of(problem.key, lines)}: "
    name = ".".join(str(part) for part in problem.key)
    return f"{place}{name + ': ' if name else ''}expected {problem.expected}, got {problem.got}. {problem.remedy}".rstrip()


def _one_of(names: dict[str, Path]) -> str:
    return " or ".join(names)


def _hint(name: str, names: dict[str, Path]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]}?" if close else ""


__all__ = ["SettingsError", "read_environments", "read_settings", "value_at"]
