"""Reading `config/<environment>.yaml`, with every error of a file at once, each with its line, key and remedy."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from stacks.settings import Settings
from stacks.settings_errors import Problem, problem_of
from stacks.settings_violation import ImpossibleSettingsError
from stacks.settings_yaml import Key, Places, parse

ENVIRONMENT_NAME = re.compile(r"[a-z][a-z0-9-]{0,15}")


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
    found, errors = {}, _alike(files)
    for name, path in files.items():
        try:
            found[name] = read_settings(path)
        except SettingsError as error:
            errors.append(str(error))
    if errors:
        raise SettingsError("\n".join(errors))
    return found


def stage_id(name: str) -> str:
    """Return the id of an environment's stage: `blue-1` is Blue1."""
    return "".join(part.capitalize() for part in name.split("-"))


def _alike(files: dict[str, Path]) -> list[str]:
    """Return an error for each file whose environment would have the name of another one's stage."""
    stages: dict[str, Path] = {}
    errors = []
    for name, path in files.items():
        other = stages.setdefault(stage_id(name), path)
        if other is not path:
            expected = f"a name that differs from {other.name} in more than hyphens"
            errors.append(f"{path}:1: expected {expected}, got {path.name!r}. Both would be one stage: rename one.")
    return errors


def read_settings(path: Path) -> Settings:
    """Return the settings of one file. Raises: SettingsError with every error of the file."""
    if not ENVIRONMENT_NAME.fullmatch(path.stem):
        raise SettingsError(
            f"{path}:1: expected a file name of at most 16 lower-case letters, digits and hyphens, got {path.name!r}. "
            "The file's name is the environment's: rename it."
        )
    problems, places, data = parse(path)
    if not problems:
        problems, settings = _validate(data, places)
        if settings is not None:
            return settings
    raise SettingsError("\n".join(_line(path, places.lines, each) for each in _in_file_order(problems, places.lines)))


def _validate(data: Any, places: Places) -> tuple[list[Problem], Settings | None]:
    """Return the problems of the values, and the settings if there are none."""
    try:
        return [], Settings.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
    if broken := _broken_rules(details):
        return broken, None
    problems = [problem_of(detail, data, places.texts) for detail in details]
    unknown = {problem_of(detail, data, places.texts).key for detail in details if detail["type"] == "extra_forbidden"}
    return problems + _impossible_besides({problem.key for problem in problems}, unknown, data), None


def _impossible_besides(bad: set[Key], unknown: set[Key], data: Any) -> list[Problem]:
    """Return the impossible combinations that remain once the bad keys are left out, so that they are told too.

    Beside a key that is bad, and not merely unknown, a rule could be judging a default: those are not told.
    """
    try:
        Settings.model_validate(_without(data, (), bad))
    except ValidationError as error:
        broken = _broken_rules(error.errors(include_url=False))
        return [problem for problem in broken if not any(_beside(problem.key, key) for key in bad - unknown)]
    return []


def _broken_rules(details: list[ErrorDetails]) -> list[Problem]:
    errors = [detail.get("ctx", {}).get("error") for detail in details]
    broken = [v for error in errors if isinstance(error, ImpossibleSettingsError) for v in error.violations]
    return [Problem(v.key, v.expected, str(v.got), v.remedy) for v in broken]


def _without(value: Any, key: Key, bad: set[Key]) -> Any:
    if isinstance(value, dict):
        return {name: _without(item, (*key, name), bad) for name, item in value.items() if (*key, name) not in bad}
    if isinstance(value, list):
        return [_without(item, (*key, at), bad) for at, item in enumerate(value) if (*key, at) not in bad]
    return value


def _beside(key: Key, bad: Key) -> bool:
    return key[: len(bad)] == bad or bad[: len(key)] == key or key[:-1] == bad[:-1]


def _in_file_order(problems: list[Problem], lines: dict[Key, int]) -> list[Problem]:
    return sorted(problems, key=lambda problem: problem.line or _line_of(problem.key, lines))


def _line_of(key: Key, lines: dict[Key, int]) -> int:
    """Return the line of a key, or of the nearest section above it that is in the file."""
    return next((lines[key[:end]] for end in range(len(key), -1, -1) if key[:end] in lines), 1)


def _line(path: Path, lines: dict[Key, int], problem: Problem) -> str:
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    place = f"{shown}:{problem.line or _line_of(problem.key, lines)}: "
    name = ".".join(str(part) for part in problem.key)
    return (
        f"{place}{name + ': ' if name else ''}expected {problem.expected}, got {problem.got}. {problem.remedy}".rstrip()
    )


def _one_of(names: dict[str, Path]) -> str:
    return " or ".join(names)


def _hint(name: str, names: dict[str, Path]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]}?" if close else ""
