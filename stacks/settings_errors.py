"""Pydantic's findings in the words of the settings: what was expected, what was found, and what to do."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from stacks.settings import Settings

EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping of settings",
    "missing": "a value",
    "literal_error": "{expected}",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "string_pattern_mismatch": "text of the form {pattern}",
    "too_short": "at least {min_length} entries",
}


@dataclass(frozen=True)
class Problem:
    """One error: the key, what was expected, what was found, the remedy, and the line if it is not the key's own."""

    key: tuple[str | int, ...]
    expected: str
    got: str
    remedy: str
    line: int | None = None


def problem_of(detail: ErrorDetails, data: Any, texts: Mapping[tuple[str | int, ...], str]) -> Problem:
    """Return pydantic's error as a problem. `data` is what the file holds, `texts` how it writes what is no text."""
    key = tuple(part for part in detail["loc"] if part != "[key]")
    if detail["type"] == "extra_forbidden":
        return _unknown_key(key)
    ctx = {name: f"{value:g}" if isinstance(value, float) else value for name, value in detail.get("ctx", {}).items()}
    template = EXPECTED.get(detail["type"])
    expected = template.format(**ctx) if template else detail["msg"]
    got = "nothing" if detail["type"] == "missing" else _shown(detail["input"], texts.get(key))
    return Problem(key, expected, got, _remedy(key, detail, data, texts.get(key)))


def value_at(data: Any, key: tuple[str | int, ...]) -> Any:
    """Return the value at a key of nested mappings and lists, or None."""
    for part in key:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _unknown_key(key: tuple[str | int, ...]) -> Problem:
    section = _model_at(key[:-1])
    names = [field.alias or name for name, field in section.model_fields.items()] if section else []
    close = difflib.get_close_matches(str(key[-1]), names, n=1, cutoff=0.5)
    remedy = f"Did you mean {close[0]}?" if close else "Remove it."
    return Problem(key, f"one of the keys {', '.join(names)}", "an unknown key", remedy)


def _remedy(key: tuple[str | int, ...], detail: ErrorDetails, data: Any, written: str | None) -> str:
    """Return the field's own description; for a number where text belongs, and the like, what to write instead."""
    found = detail["input"]
    if detail["type"] == "string_type" and isinstance(found, int | float):
        return f'Put it in quotes: "{written or found}".'
    if detail["type"] in {"int_type", "float_type", "bool_type"} and isinstance(found, str):
        return "Write it without quotes and units. " + _description(key)
    if found is None and value_at(data, key[:-1]) is not None:
        return "Give a value or remove the key. " + _description(key)
    return _description(key)


def _shown(value: Any, written: str | None) -> str:
    if value is None:
        return "nothing"
    if written is not None:
        return written
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _description(key: tuple[str | int, ...]) -> str:
    for end in range(len(key), 0, -1):
        section = _model_at(key[: end - 1])
        for name, field in section.model_fields.items() if section else ():
            if key[end - 1] == (field.alias or name):
                return field.description or ""
    return ""


def _model_at(key: tuple[str | int, ...]) -> type[BaseModel] | None:
    """Return the model of a section, following lists and mappings of models by their element."""
    model: Any = Settings
    for part in key:
        if isinstance(model, type) and issubclass(model, BaseModel):
            fields = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
            model = bare(fields.get(str(part)))
        else:
            model = bare(typing.get_args(model)[-1]) if typing.get_args(model) else None
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def bare(annotation: Any) -> Any:
    """Return `X` for `X | None`."""
    options = [option for option in typing.get_args(annotation) if option is not type(None)]
    return options[0] if len(options) == 1 and type(None) in typing.get_args(annotation) else annotation
