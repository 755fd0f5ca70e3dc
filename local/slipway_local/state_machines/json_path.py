"""JSONPath in state machines: paths, variables, payload templates, and where a result is put.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
"""

import copy
import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slipway_local.state_machines import intrinsics
from slipway_local.state_machines.errors import StatesError, runtime_error

SIMPLE = re.compile(r"""\$(?:\.[^\s.\[\]*?()@,:'"]+|\[\d+\]|\['[^']*'\]|\["[^"]*"\])*""")
STEP = re.compile(r"""\.([^.\[]+)|\[(\d+)\]|\[(?:'([^']*)'|"([^"]*)")\]""")
VARIABLE = re.compile(r"\$([A-Za-z_]\w*)(.*)", re.DOTALL)
FUNCTION = re.compile(r"(.*)\.(\w+)\(\)")
MISSING = object()


@dataclass(frozen=True)
class Scope:
    """What a path can name: the document (`$`), the context object (`$$`) and the variables (`$name`)."""

    document: Any
    context: Mapping[str, Any]
    variables: Mapping[str, Any]


def read(path: str, scope: Scope, field: str = "") -> Any:
    """Return the value at a path. Raises StatesError if there is none."""
    root, rest = scope.document, path
    if path.startswith("$$"):
        root, rest = scope.context, path[1:]
    elif match := VARIABLE.fullmatch(path):
        if match[1] not in scope.variables:
            raise runtime_error(f"The variable '${match[1]}' of the field '{field}' has no value")
        root, rest = scope.variables[match[1]], "$" + match[2]
    if function := FUNCTION.fullmatch(rest):
        return _length(read(path.removesuffix(f".{function[2]}()"), scope, field), function[2], path)
    found = _walk(rest, root) if SIMPLE.fullmatch(rest) else _query(rest, root)
    if found is MISSING:
        shown = json.dumps(root, default=str)
        raise runtime_error(
            f"The JSONPath '{path}' specified for the field '{field}' could not be found in the input '{shown}'"
        )
    return copy.deepcopy(found)


def _length(value: Any, function: str, path: str) -> int:
    """Return what the one function of paths that is emulated does; reference paths have none."""
    if function != "length" or not isinstance(value, list | dict):
        reason = f"{function}() is not emulated" if function != "length" else "length() needs an array or an object"
        raise runtime_error(f"Invalid path '{path}': {reason}")
    return len(value)


def _steps(path: str) -> list[str | int]:
    return [int(m[2]) if m[2] else next(g for g in (m[1], m[3], m[4]) if g is not None) for m in STEP.finditer(path)]


def _walk(path: str, value: Any) -> Any:
    for step in _steps(path):
        inside = step in value if isinstance(value, dict) else isinstance(value, list) and step in range(len(value))
        if not inside:
            return MISSING
        value = value[step]
    return value


@functools.lru_cache(maxsize=1024)
def _parsed(path: str) -> Any:
    from jsonpath_ng.ext import parse

    return parse(path.replace("&&", "&"))


def _query(path: str, value: Any) -> Any:
    try:
        return [match.value for match in _parsed(path).find(value)]
    except Exception as error:
        raise runtime_error(f"Invalid path '{path}': {error}") from error


def place(path: str | None, document: Any, value: Any) -> Any:
    """Return the document with the value at a ResultPath; `$` is the value alone, None the document alone."""
    if path is None:
        return document
    steps = _steps(path)
    if not steps:
        return value
    target = result = copy.deepcopy(document)
    for index, step in enumerate(steps):
        fits = isinstance(target, dict if isinstance(step, str) else list)
        if not fits or (isinstance(step, int) and step >= len(target)):
            shown = json.dumps(document)
            cause = f"Unable to apply Reference Path {path} to input {shown}"
            raise StatesError("States.ResultPathMatchFailure", cause)
        if index == len(steps) - 1:
            target[step] = value
        elif isinstance(step, str):
            target = target.setdefault(step, {})
        else:
            target = target[step]
    return result


def render(template: Any, scope: Scope) -> Any:
    """Return a payload template with each `name.$` replaced by the value of its path or intrinsic function."""
    if isinstance(template, list):
        return [render(item, scope) for item in template]
    if not isinstance(template, dict):
        return template
    rendered = {}
    for key, value in template.items():
        if key.endswith(".$"):
            rendered[key[:-2]] = resolve(value, scope, key)
        else:
            rendered[key] = render(value, scope)
    return rendered


def resolve(text: str, scope: Scope, field: str) -> Any:
    """Return the value of a path or of an intrinsic function."""
    if text.startswith("States."):
        return intrinsics.evaluate(text, lambda path: read(path, scope, field))
    return read(text, scope, field)
