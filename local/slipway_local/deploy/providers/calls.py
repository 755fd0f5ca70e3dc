"""CloudFormation's properties into an AWS operation's parameters, and the call.

A property becomes the parameter of the same name, whatever its case, shaped by botocore's description of the call:
tag lists become maps where the service wants maps, objects become JSON text where it wants text.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from slipway_local.aws import Place

Properties = dict[str, Any]

GONE = ("NotFound", "NoSuch", "NonExistent", "DoesNotExist", "InvalidAssociationID", "ResourceNotFound")


def shaped(value: Any, shape: Any) -> Any:
    """Return a CloudFormation value in the form that a botocore shape describes."""
    kind = shape.type_name
    if kind == "structure":
        return _structure(json.loads(value) if isinstance(value, str) else value, shape)
    if kind == "list":
        return [shaped(item, shape.member) for item in _items(value, shape.member)]
    if kind == "map":
        value = {tag["Key"]: tag["Value"] for tag in value} if isinstance(value, list) else value
        return {name: shaped(item, shape.value) for name, item in value.items()}
    return _SCALARS[kind](value) if kind in _SCALARS else value


def _items(value: Any, member: Any) -> list[Any]:
    """Return a list: a map of tags as pairs where the service wants pairs, one value as a list of one."""
    if isinstance(value, dict) and {"Key", "Value"} <= set(getattr(member, "members", ())):
        return [{"Key": key, "Value": item} for key, item in value.items()]
    return value if isinstance(value, list) else [value]


def _structure(value: dict[str, Any], shape: Any) -> dict[str, Any]:
    members = {name.lower(): name for name in shape.members}
    known = {members[name.lower()]: item for name, item in value.items() if name.lower() in members}
    return {name: shaped(item, shape.members[name]) for name, item in known.items()}


def text(value: Any) -> str:
    """Return a value as CloudFormation hands it to a text parameter: JSON for objects, `true` and `false`."""
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, dict | list | bool) else str(value)


_SCALARS: dict[str, Callable[[Any], Any]] = {
    "string": text,
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": lambda value: value if isinstance(value, bool) else str(value).lower() == "true",
}


def _model(place: Place, service: str, operation: str) -> Any:
    client = place.client(service)
    return client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation]).input_shape


def parameters_of(place: Place, service: str, operation: str) -> set[str]:
    """Return the parameters of an operation (snake case), in lower case."""
    return {name.lower() for name in _model(place, service, operation).members}


def call(place: Place, service: str, operation: str, arguments: Mapping[str, Any]) -> Properties:
    """Call an operation (snake case) with whatever of the arguments it takes and return the answer."""
    shape = _model(place, service, operation)
    given = shaped({key: value for key, value in arguments.items() if value is not None}, shape) if shape else {}
    answer = dict(getattr(place.client(service), operation)(**given))
    answer.pop("ResponseMetadata", None)
    return answer


def says_gone(error: Exception) -> bool:
    """Return whether a service answered that there is no such thing."""
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    return any(word in code for word in GONE)


def found(place: Place, service: str, operation: str, arguments: Mapping[str, Any]) -> Properties:
    """Return what an operation that reads answers, nothing where there is no such thing."""
    try:
        return call(place, service, operation, arguments)
    except ClientError as error:
        if not says_gone(error):
            raise
        return {}


def dig(answer: Any, path: str) -> Any:
    """Return the member at a dotted path, of a list the one with that number; None where there is none."""
    for part in path.split("."):
        if isinstance(answer, list):
            answer = answer[int(part)] if int(part) < len(answer) else None
        else:
            answer = answer.get(part) if isinstance(answer, dict) else None
    return answer
