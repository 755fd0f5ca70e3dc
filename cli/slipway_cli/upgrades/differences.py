"""Which properties of a resource differ between two templates, as paths like those of the provider schemas."""

import json
from collections.abc import Iterator
from typing import Any

Path = tuple[str, ...]


def changed_paths(old: Any, new: Any, at: Path = ()) -> Iterator[Path]:
    """Yield the path of each value that differs; a property that is only on one side is compared with nothing."""
    if old == new:
        return
    if isinstance(old, dict | None) and isinstance(new, dict | None) and not _is_intrinsic(old or new):
        names = {**(old or {}), **(new or {})}
        if names:
            for name in names:
                yield from changed_paths((old or {}).get(name), (new or {}).get(name), (*at, name))
            return
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for before, after in zip(old, new, strict=True):
            yield from changed_paths(before, after, (*at, "*"))
        return
    yield at


def without_order(properties: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The properties with the lists sorted whose order the schema calls meaningless."""
    known = schema.get("properties", {})
    return {
        name: sorted(value, key=lambda item: json.dumps(item, sort_keys=True))
        if isinstance(value, list) and known.get(name, {}).get("insertionOrder") is False
        else value
        for name, value in properties.items()
    }


def concerned(changed: Path, listed: list[str]) -> bool:
    """Whether a changed path is one of a schema's paths, lies in one, or holds one."""
    for pointer in listed:
        path = tuple(pointer.split("/")[2:])
        if all(a == b or "*" in (a, b) for a, b in zip(changed, path, strict=False)):
            return True
    return False


def value_at(properties: Any, path: Path) -> Any:
    """The value at a schema's path; None where there is none."""
    for name in path:
        properties = properties.get(name) if isinstance(properties, dict) else None
    return properties


def references(value: Any) -> Iterator[str]:
    """Yield the logical ids that Ref, Fn::GetAtt and Fn::Sub in a value name."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        match value:
            case {"Ref": str(name)}:
                yield name
            case {"Fn::GetAtt": [str(name), *_]}:
                yield name
            case {"Fn::GetAtt": str(text)}:
                yield text.split(".")[0]
            case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), *_]}:
                yield from (part.split("}")[0].split(".")[0] for part in text.split("${")[1:])
        for item in value.values():
            yield from references(item)


def _is_intrinsic(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::"))
