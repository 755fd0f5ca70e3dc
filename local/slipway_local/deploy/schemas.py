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

# CloudFormation takes numbers and booleans also as text, and both where it wants text.
TEXT = {"integer": re.compile(r"-?\d+"), "number": re.compile(r"-?\d+(\.\d+)?"), "boolean": re.compile("true|false")}
# Unicode classes, such as \p{L}, which Python's expressions lack, as the nearest that they have.
UNICODE_CLASS = re.compile(r"\\\\[pP]\{(\w)\w*\}")
SHORT_CLASSES = {"L": r"\\w", "N": r"\\d", "Z": r"\\s"}
REFERENCE = re.compile(r"\{\{resolve:")
NUMERIC = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
TEXTUAL = {"minLength", "maxLength", "pattern"}
QUOTED_CHARACTERS = 60


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


def types_in(region: str) -> set[str] | None:
    """Return the resource types that CloudFormation knows in a region, or None for a region that cfn-lint lacks."""
    if not (_data() / "providers" / f"{region}.json").exists():
        return None
    return set(_types(region))


def extension(resource: str, name: str) -> dict[str, Any]:
    """Return one of cfn-lint's additional schemas, such as (`aws_sagemaker_hosting`, `instancetype_enum`)."""
    return dict(json.loads((_data() / "extensions" / resource / f"{name}.json").read_text()))


def additional(name: str) -> dict[str, Any]:
    """Return one of cfn-lint's other tables, such as `LmbdRuntimeLifecycle`."""
    return dict(json.loads((_data().parent / "AdditionalSpecs" / f"{name}.json").read_text()))


@functools.cache
def schema_of(resource_type: str, region: str) -> dict[str, Any] | None:
    """Return the provider schema of a resource type, or None where CloudFormation has no such type."""
    digest = _types(region).get(resource_type)
    if digest is None:
        return None
    text = (_data() / "resources" / f"{digest}.json").read_text()
    return dict(json.loads(UNICODE_CLASS.sub(lambda match: SHORT_CLASSES.get(match[1], r"\\S"), text)))


@functools.cache
def other_schema(kind: str, name: str = "configuration") -> dict[str, Any] | None:
    """Return cfn-lint's schema of a part of templates, such as (`functions`, `join`), or None where it has none."""
    path = _data() / "other" / kind / f"{name}.json"
    return dict(json.loads(path.read_text())) if path.exists() else None


def property_names(schema: dict[str, Any], section: str) -> set[str]:
    """Return the top-level names of one of the schema's lists, such as `createOnlyProperties`."""
    return {path.split("/")[2] for path in schema.get(section, [])}


def problems(properties: dict[str, Any], schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (property path, what is wrong) for what the type's JSON schema forbids; unresolved intrinsics pass."""
    for path in schema.get("readOnlyProperties", []):
        name = path.removeprefix("/properties/")
        if name in properties:
            yield name, "is read-only"
    yield from violations(validator_class()(schema), properties)


def violations(validator: Any, instance: Any) -> Iterator[tuple[str, str]]:
    """Yield (path, what is wrong) for what a validator's schema forbids."""
    for error in validator.iter_errors(instance):
        yield from _described(error, ())


def _described(error: Any, before: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    """Yield the errors in our words; of alternatives, those of the one that came nearest."""
    place = (*before, *error.relative_path)
    if error.context:
        nearest: dict[Any, list[Any]] = {}
        for inner in error.context:
            nearest.setdefault(inner.schema_path[0], []).append(inner)
        for inner in min(nearest.values(), key=len):
            yield from _described(inner, place)
        return
    for name in _names(error):
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in (*place, *name))
        yield path.lstrip("."), _what(error)


def _names(error: Any) -> list[tuple[str, ...]]:
    """Return what to add to the path so that it names the property itself; all of them where several are wrong."""
    if error.validator == "required":
        return [
            (name,) for name in error.validator_value if name not in error.instance and f"'{name}'" in error.message
        ]
    if error.validator == "additionalProperties":
        known, patterns = error.schema.get("properties", {}), error.schema.get("patternProperties", {})
        return [(n,) for n in error.instance if n not in known and not any(re.search(p, n) for p in patterns)]
    return [()]


def _what(error: Any) -> str:
    value, wanted = json.dumps(error.instance)[:QUOTED_CHARACTERS], error.validator_value
    kinds = wanted if isinstance(wanted, list) else [wanted]
    patterns = error.schema.get("patternProperties")
    said = {
        "required": "is required",
        "additionalProperties": f"does not match {' or '.join(patterns)}"
        if patterns
        else "is no property of this type",
        "type": f"expected {' or '.join(map(str, kinds))}, got {value}",
        "enum": f"{value} is none of {', '.join(map(str, kinds[:12]))}",
        "minItems": f"expected at least {wanted} items, got {value}",
        "maxItems": f"expected at most {wanted} items, got {value}",
        "pattern": f"{value} does not match {wanted}",
    }
    return said.get(error.validator, str(error.message)[:200])


@functools.cache
def validator_class() -> Any:
    """Return draft 7 as CloudFormation means it: coerced scalars, and nothing said of what is not resolved yet."""
    from jsonschema import Draft7Validator, validators

    def lenient(name: str, check: Any) -> Any:
        def checked(validator: Any, rule: Any, instance: Any, schema: Any) -> Any:
            if _is_unresolved(instance) or (name in NUMERIC and not _fits("number", None, instance)):
                return ()
            if name in NUMERIC or name in TEXTUAL:
                instance = _coerced(name, instance)
            return check(validator, rule, instance, schema) or ()

        return checked

    known = {**Draft7Validator.VALIDATORS, "pattern": _pattern, "enum": _enum}
    checks = {name: lenient(name, check) for name, check in known.items()}
    checks["format"] = lambda *_: ()
    checker = Draft7Validator.TYPE_CHECKER
    for kind in ("string", *TEXT):
        checker = checker.redefine(kind, functools.partial(_fits, kind))
    return validators.extend(Draft7Validator, checks, type_checker=checker)


def _coerced(keyword: str, instance: Any) -> Any:
    if isinstance(instance, dict | list) or instance is None:
        return instance
    return float(instance) if keyword in NUMERIC else _scalar_text(instance)


def _fits(kind: str, checker: Any, instance: Any) -> bool:
    if kind == "string":
        return isinstance(instance, str | int | float | bool)
    if isinstance(instance, str):
        return TEXT[kind].fullmatch(instance.lower()) is not None
    if isinstance(instance, bool) or kind == "boolean":
        return isinstance(instance, bool) and kind == "boolean"
    return isinstance(instance, int) or (kind == "number" and isinstance(instance, float))


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    try:
        matches = not isinstance(instance, str) or re.search(pattern, instance) is not None
    except re.error:  # some schemas use what only other dialects know
        return
    if not matches:
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _enum(validator: Any, values: list[Any], instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if _scalar_text(instance) not in map(_scalar_text, values):
        yield ValidationError(f"{instance!r} is not one of {values!r}")


def _scalar_text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool | dict | list) else str(value)


def _is_unresolved(value: Any) -> bool:
    if isinstance(value, str):
        return REFERENCE.search(value) is not None
    if not isinstance(value, dict) or len(value) != 1:
        return False
    name = str(next(iter(value)))
    return name == "Ref" or name.startswith("Fn::")
