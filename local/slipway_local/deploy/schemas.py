"""CloudFormation's resource provider schemas, as cfn-lint ships them, read from its data files.

Importing cfn-lint itself takes three seconds and fifty megabytes; the files take milliseconds.
"""

import functools
import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str, int, float, bool),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
# CloudFormation takes numbers and booleans also as text.
TEXT = {"integer": re.compile(r"-?\d+"), "number": re.compile(r"-?\d+(\.\d+)?"), "boolean": re.compile("true|false")}


@functools.cache
def _data() -> Path:
    spec = importlib.util.find_spec("cfnlint")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("cfn-lint is not installed; `make setup` installs it")
    return Path(spec.origin).parent / "data" / "schemas"


@functools.cache
def _types(region: str) -> dict[str, str]:
    path = _data() / "providers" / f"{region}.json"
    return dict(json.loads((path if path.exists() else path.with_name("us-east-1.json")).read_text()))


@functools.cache
def schema_of(resource_type: str, region: str) -> dict[str, Any] | None:
    """Return the provider schema of a resource type, or None where CloudFormation has no such type."""
    digest = _types(region).get(resource_type)
    return None if digest is None else dict(json.loads((_data() / "resources" / f"{digest}.json").read_text()))


def property_names(schema: dict[str, Any], section: str) -> set[str]:
    """Return the top-level names of one of the schema's lists, such as `createOnlyProperties`."""
    return {path.split("/")[2] for path in schema.get(section, [])}


def problems(properties: dict[str, Any], schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (property path, what is wrong) for unknown names, missing ones and wrong types; intrinsics pass."""
    read_only = property_names(schema, "readOnlyProperties")
    for name in sorted(read_only & set(properties)):
        if f"/properties/{name}" in schema["readOnlyProperties"]:
            yield name, "is read-only"
    yield from _check(properties, {**schema, "type": "object"}, schema, "")


def _check(value: Any, rule: dict[str, Any], root: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    while "$ref" in rule:
        rule = _pointer(root, rule["$ref"])
    if _is_intrinsic(value):
        return
    kinds = rule.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_fits(value, kind) for kind in kinds):
        yield path, f"expected {' or '.join(kinds)}, got {json.dumps(value)[:60]}"
    elif isinstance(value, dict):
        yield from _check_object(value, rule, root, path)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _check(item, rule.get("items", {}), root, f"{path}[{number}]")
    elif "enum" in rule and value not in rule["enum"]:
        yield path, f"{json.dumps(value)[:60]} is none of {', '.join(map(str, rule['enum'][:12]))}"


def _check_object(
    value: dict[str, Any], rule: dict[str, Any], root: dict[str, Any], path: str
) -> Iterator[tuple[str, str]]:
    known = rule.get("properties", {})
    patterns = rule.get("patternProperties", {})
    for name, item in value.items():
        inner = f"{path}.{name}" if path else name
        if name in known:
            yield from _check(item, known[name], root, inner)
        elif known and rule.get("additionalProperties") is False and not any(re.search(p, name) for p in patterns):
            yield inner, "is no property of this type"
    for name in rule.get("required", []):
        if name not in value:
            yield f"{path}.{name}" if path else name, "is required"


def _pointer(root: dict[str, Any], reference: str) -> dict[str, Any]:
    target: Any = root
    for part in reference.removeprefix("#/").split("/"):
        target = target[part.replace("~1", "/").replace("~0", "~")]
    return dict(target)


def _is_intrinsic(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref"))


def _fits(value: Any, kind: str) -> bool:
    if kind == "object":
        return isinstance(value, dict)
    if kind == "array":
        return isinstance(value, list)
    if kind == "null":
        return value is None
    if isinstance(value, str) and kind in TEXT:
        return TEXT[kind].fullmatch(value.lower()) is not None
    return isinstance(value, SCALARS[kind]) and (kind in ("boolean", "string") or not isinstance(value, bool))
