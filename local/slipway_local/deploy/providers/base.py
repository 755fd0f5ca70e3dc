"""What a resource provider is."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from slipway_local.aws import Place
from slipway_local.deploy.providers.calls import Properties

__all__ = ["Context", "Created", "Everything", "PartlyCreatedError", "Properties", "Provider", "completing"]


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

    @property
    def one_way(self) -> frozenset[str]:
        """Return the properties that AWS sets and never takes away again: a rollback leaves them."""
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

    def unreached(self, place: Place, old: Properties, new: Properties) -> list[str]:
        """Return the names of the changed properties that no update reaches, with ` (removed)` where only that fails.

        An update of an updatable provider must bring the others to what a new resource with `new` would have.
        """
        ...

    def custom_name(self, properties: Properties) -> str | None:
        """Return the physical name that the template gives, None where CloudFormation makes one up."""
        ...

    def taken(self, context: Context, properties: Properties) -> str:
        """Return the name of what exists already and a creation would take over, "" if nothing does.

        What the service itself refuses needs no answer.
        Source: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract.html
        """
        ...


class Everything:
    """A provider whose update reaches every property."""

    mode = "live"
    updatable = True
    one_way = frozenset[str]()

    def unreached(self, place: Place, old: Properties, new: Properties) -> list[str]:
        """Return nothing: the update sends all there is."""
        return []

    def custom_name(self, properties: Properties) -> str | None:
        """Return none: creating a second one fails where the name is taken."""
        return None

    def taken(self, context: Context, properties: Properties) -> str:
        """Return nothing: the service refuses a second one."""
        return ""


def changed(old: Properties, new: Properties) -> set[str]:
    """Return the names of the properties that differ."""
    return {name for name in {*old, *new} if old.get(name) != new.get(name)}
