"""What a resource provider is, and the one that most types need: CloudFormation properties into one API call.

A property becomes the parameter of the same name, whatever its case, shaped by botocore's description of the call:
tag lists become maps where the service wants maps, objects become JSON text where it wants text.
"""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from slipway_local.aws import Place

Properties = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Created:
    """A resource that exists: what Ref gives and what Fn::GetAtt gives by name."""

    physical_id: str
    attributes: Properties = field(default_factory=dict)


class PartlyCreatedError(RuntimeError):
    """A resource whose creation failed when something of it existed already: the rollback deletes it."""

    def __init__(self, created: Created) -> None:
        super().__init__(created.physical_id)
        self.created = created


@contextmanager
def completing(created: Created) -> Iterator[None]:
    """Finish what was created. Raises PartlyCreatedError if that fails."""
    try:
        yield
    except Exception as error:
        raise PartlyCreatedError(created) from error


@dataclass(frozen=True, kw_only=True)
class Context:
    """Where and for whom a provider works; `services` holds what the daemon offers besides AWS APIs."""

    place: Place
    stack_name: str
    stack_id: str
    logical_id: str
    resource_type: str
    services: Mapping[str, Any] = field(default_factory=dict)

    def name(self, limit: int = 64, *, lower: bool = False) -> str:
        """Return a new physical name as CloudFormation makes them: stack, logical id, random tail."""
        tail = uuid.uuid4().hex[:12]
        head = f"{self.stack_name}-{self.logical_id}"[: limit - 13]
        return f"{head}-{tail}".lower() if lower else f"{head}-{tail.upper()}"


class Provider(Protocol):
    """Creates, updates and deletes resources of one type. Any exception means that it did not work."""

    @property
    def mode(self) -> str:
        """Return `live` or `recorded`."""
        ...

    @property
    def updatable(self) -> bool:
        """Return whether a change needs no replacement."""
        ...

    def create(self, context: Context, properties: Properties) -> Created:
        """Create the resource and wait until it can be used."""
        ...

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Change the resource in place."""
        ...

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Delete the resource; one that is gone already is no error."""
        ...


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


def call(place: Place, service: str, operation: str, arguments: Mapping[str, Any]) -> Properties:
    """Call an operation (snake case) with whatever of the arguments it takes and return the answer."""
    client = place.client(service)
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation]).input_shape
    given = shaped({key: value for key, value in arguments.items() if value is not None}, shape) if shape else {}
    answer = dict(getattr(client, operation)(**given))
    answer.pop("ResponseMetadata", None)
    return answer


def dig(answer: Any, path: str) -> Any:
    """Return the member at a dotted path, None where there is none."""
    for part in path.split("."):
        answer = answer.get(part) if isinstance(answer, dict) else None
    return answer


Prepare = Callable[[Context, Properties], Properties]
Hook = Callable[[Context, str, Properties, Properties], None]


@dataclass(frozen=True, kw_only=True)
class Api:
    """A type that is one API call, or nearly.

    `ref`, `attributes` and `delete_with` are either `@path` into the call's answer or a text with {placeholders}: the
    arguments, `id` (what Ref gives), `region`, `account`, `partition`. `name` is the property that CloudFormation
    makes up when the template leaves it open; `prepare` rewrites properties into arguments; `after` does what the one
    call cannot (it gets the old properties too, empty at creation).
    """

    service: str
    create_call: str
    ref: str
    name: str | None = None
    name_limit: int = 64
    name_lower: bool = False
    rename: Mapping[str, str] = field(default_factory=dict)
    prepare: Prepare = lambda context, properties: properties
    after: Hook | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    update_call: str | None = None
    update_with: Mapping[str, str] = field(default_factory=dict)
    delete_call: str | None = None
    delete_with: Mapping[str, str] = field(default_factory=dict)
    before_delete: Hook | None = None
    mode: str = "live"

    @property
    def updatable(self) -> bool:
        """Return whether a change needs no replacement."""
        return self.update_call is not None or self.after is not None

    def create(self, context: Context, properties: Properties) -> Created:
        """Call the create operation."""
        if self.name and self.name not in properties:
            properties = {**properties, self.name: context.name(self.name_limit, lower=self.name_lower)}
        arguments = self._arguments(context, properties)
        answer = call(context.place, self.service, self.create_call, arguments)
        known = self._known(context, arguments)
        physical_id = str(_value(self.ref, answer, known))
        known["id"] = physical_id
        created = Created(physical_id=physical_id, attributes=self._attributes(answer, known))
        if self.after:
            with completing(created):
                self.after(context, physical_id, properties, {})
        return created

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Call the update operation with the same arguments, and the hook."""
        properties = {self.name: existing.physical_id, **new} if self.name else new
        if self.update_call:
            arguments = self._arguments(context, properties)
            known = {**self._known(context, arguments), "id": existing.physical_id}
            identity = {key: template.format_map(known) for key, template in self.update_with.items()}
            call(context.place, self.service, self.update_call, {**arguments, **identity})
        if self.after:
            self.after(context, existing.physical_id, properties, old)
        return existing

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Call the delete operation."""
        if self.before_delete:
            self.before_delete(context, existing.physical_id, properties, properties)
        if self.delete_call:
            known = {**self._known(context, properties), **existing.attributes, "id": existing.physical_id}
            arguments = {key: template.format_map(known) for key, template in self.delete_with.items()}
            call(context.place, self.service, self.delete_call, arguments)

    def _arguments(self, context: Context, properties: Properties) -> Properties:
        prepared = self.prepare(context, dict(properties))
        return {self.rename.get(key, key): value for key, value in prepared.items()}

    def _known(self, context: Context, arguments: Properties) -> Properties:
        place = context.place
        scalars = {key: value for key, value in arguments.items() if isinstance(value, str | int)}
        return {**scalars, "region": place.region, "account": place.account, "partition": place.partition}

    def _attributes(self, answer: Properties, known: Properties) -> Properties:
        return {name: _value(source, answer, known) for name, source in self.attributes.items()}


def _value(source: str, answer: Properties, known: Properties) -> Any:
    return dig(answer, source[1:]) if source.startswith("@") else source.format_map(known)


def api(service: str, create_call: str, ref: str = "{id}", **rest: Any) -> Api:
    """Return an Api provider; short, because the tables have one line for each type."""
    return Api(service=service, create_call=create_call, ref=ref, **rest)
