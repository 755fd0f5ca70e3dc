"""Writes the reference of the settings, `docs/configuration.md`, from the models that check them.

.venv/bin/python tools/settings_reference.py
"""

import json
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from stacks.settings import Settings
from stacks.settings_errors import bare

TARGET = Path(__file__).resolve().parent.parent / "docs" / "configuration.md"
ALIASES: dict[Any, tuple[str, ...]] = {dict: ("<alias>",), list: ("<n>",)}
HEAD = """# Configuration

One file is one environment: `config/dev.yaml` is the environment `dev`. Every key has a default, so a file says
only what differs; unknown keys and impossible combinations are refused at synthesis with file, line and remedy.
Editors that know YAML schemas complete the keys from `config/settings.schema.json`.

This page is written by `tools/settings_reference.py` from the models in `stacks/settings.py`.
"""


def reference() -> str:
    """Return the page as Markdown."""
    sections: dict[type[BaseModel], str] = {}
    for name, model in _sections((), Settings):
        sections.setdefault(model, _section(name, model))  # rule sets stand in two places and are told once
    return HEAD + "".join(sections.values())


def _sections(key: tuple[str, ...], model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    yield ".".join(key), model
    for name, field in model.model_fields.items():
        inner, part = _model_of(field), field.alias or name
        if inner is not None:
            alias = ALIASES.get(typing.get_origin(field.annotation), ())
            yield from _sections((*key, part, *alias), inner)


def _section(name: str, model: type[BaseModel]) -> str:
    title = f"`{name}`" if name else "Top level"
    head = f"\n## {title}\n\n{(model.__doc__ or '').strip()}\n\n| key | type | default | meaning |\n|---|---|---|---|\n"
    rows = (_row(field.alias or key, field) for key, field in model.model_fields.items())
    return head + "".join(rows)


def _row(key: str, field: FieldInfo) -> str:
    return f"| `{key}` | {_type(field)} | {_default(field)} | {(field.description or '').replace('|', '&#124;')} |\n"


def _model_of(field: FieldInfo) -> type[BaseModel] | None:
    kind: Any = bare(field.annotation)
    if typing.get_origin(kind) in (dict, list):
        kind = typing.get_args(kind)[-1]
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _type(field: FieldInfo) -> str:
    kind = bare(field.annotation)
    if typing.get_origin(kind) is typing.Literal:
        return " or ".join(f"`{value}`" for value in typing.get_args(kind))
    if _model_of(field) is not None:
        return {dict: "mapping", list: "list of sections"}.get(typing.get_origin(kind), "section")
    plain = {str: "text", bool: "true or false", int: "whole number", float: "number"}
    name = plain.get(kind) or {list: "list", dict: "mapping"}.get(typing.get_origin(kind) or kind, "text")
    return name + _limits(field)


def _limits(field: FieldInfo) -> str:
    limits = {
        name: getattr(item, name) for item in field.metadata for name in ("gt", "ge", "le") if hasattr(item, name)
    }
    low = f"more than {limits['gt']:g}" if "gt" in limits else f"{limits['ge']:g}" if "ge" in limits else ""
    return f", {low} to {limits['le']:g}" if low and "le" in limits else ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True, validated_data={})
    if default is None:
        return "open"
    if isinstance(default, BaseModel):
        return "its own"
    if isinstance(default, dict):
        default = {
            key: item.model_dump(exclude_defaults=True) if isinstance(item, BaseModel) else item
            for key, item in default.items()
        }
    if isinstance(default, list):
        default = [item.model_dump(exclude_defaults=True) if isinstance(item, BaseModel) else item for item in default]
    return f"`{json.dumps(default) if not isinstance(default, str) else default}`"


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(reference())
    print(f"wrote {TARGET}")
