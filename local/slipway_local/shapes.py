"""Checks a request or an answer against botocore's model of a service, also for what botocore leaves to AWS.

Documents (metadata, filters) have rules of their own, beside this.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

from .aws_json import JsonObject, ServiceError

KINDS: dict[str, Callable[[Any], bool]] = {
    "structure": lambda value: isinstance(value, dict),
    "map": lambda value: isinstance(value, dict),
    "list": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "long": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "double": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "timestamp": lambda value: isinstance(value, int | float | str) and not isinstance(value, bool),
    "blob": lambda value: isinstance(value, str),
}


@functools.cache
def service(name: str) -> Any:
    """Return botocore's model of the service of that name."""
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def check_answer(name: str, operation: str, answer: JsonObject) -> JsonObject:
    """Return an answer that fits the operation's model. Raises: ValueError with what does not."""
    shape = service(name).operation_model(operation).output_shape
    if problems := list(_problems(answer, shape, "")) if shape else [("/", "is no answer")] if answer else []:
        raise ValueError(f"the local {name} answers {operation} with {problems[0][0]}, which {problems[0][1]}")
    return answer


def check(name: str, operation: str, request: JsonObject) -> None:
    """Raise ValidationException with the list of fields that break the operation's model."""
    shape = service(name).operation_model(operation).input_shape
    problems = list(_problems(request, shape, ""))
    if problems:
        fields = [{"path": path or "/", "message": message} for path, message in problems]
        one = f"{problems[0][0] or '/'} {problems[0][1]}"
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected. "
        raise ServiceError("ValidationException", count + one, fieldList=fields)


def _problems(value: Any, shape: Any, path: str) -> Iterator[tuple[str, str]]:
    if getattr(shape, "is_document_type", False):
        return
    if not KINDS[shape.type_name](value):
        yield path, f"failed to satisfy constraint: Member must be a {shape.type_name}"
        return
    if shape.type_name == "structure":
        yield from _members(value, shape, path)
    elif shape.type_name == "list":
        yield from _size(len(value), shape, path, "length")
        if shape.member.type_name != "float":
            for number, each in enumerate(value):
                yield from _problems(each, shape.member, f"{path}/{number}")
        elif not all(KINDS["float"](each) for each in value):
            yield path, "failed to satisfy constraint: Member must be a list of numbers"
    elif shape.type_name == "map":
        for key, each in value.items():
            yield from _problems(key, shape.key, f"{path}/{key}")
            yield from _problems(each, shape.value, f"{path}/{key}")
    elif shape.type_name == "string":
        yield from _text(value, shape, path)
    elif shape.type_name in ("integer", "long"):
        yield from _size(value, shape, path, "value")


def _members(value: JsonObject, shape: Any, path: str) -> Iterator[tuple[str, str]]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"{path}/{name}", "failed to satisfy constraint: Member must not be null"
    if shape.is_tagged_union and len(value) != 1:
        yield path, "failed to satisfy constraint: exactly one member must be set"
    for name, each in value.items():
        # A service ignores members that its model lacks; here they are refused, for they are a mistake.
        if name not in shape.members:
            yield f"{path}/{name}", "is not a member of the request; remove it"
        elif each is not None:
            yield from _problems(each, shape.members[name], f"{path}/{name}")


def _text(value: str, shape: Any, path: str) -> Iterator[tuple[str, str]]:
    yield from _size(len(value), shape, path, "length")
    if shape.enum and value not in shape.enum:
        wanted = f"[{', '.join(shape.enum)}]"
        yield path, f"failed to satisfy constraint: Member must satisfy enum value set: {wanted}"
    pattern = shape.metadata.get("pattern")
    if pattern and "\\p" not in pattern.lower() and not re.fullmatch(pattern, value):
        yield path, f"failed to satisfy constraint: Member must satisfy regular expression pattern: {pattern}"


def _size(size: int, shape: Any, path: str, what: str) -> Iterator[tuple[str, str]]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if (low is not None and size < low) or (high is not None and size > high):
        yield path, f"failed to satisfy constraint: Member must have {what} between {low} and {high}, inclusive"
