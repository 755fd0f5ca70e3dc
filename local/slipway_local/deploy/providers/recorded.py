"""Resources that are kept and can be asked for, and do nothing: no service behind them is emulated."""

import uuid
from typing import Any

from slipway_local.deploy.providers.base import Context, Created, Everything, Properties
from slipway_local.deploy.providers.calls import text
from slipway_local.deploy.schemas import property_names


class Recorded(Everything):
    """Keeps a resource of any type; Ref and Fn::GetAtt give values of the form that its schema describes."""

    mode = "recorded"

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema

    def create(self, context: Context, properties: Properties) -> Created:
        """Make up the identifiers that the service would have given."""
        tail = uuid.uuid4().hex[:12]
        service, kind = context.resource_type.split("::")[1:3]
        arn = context.place.arn(service.lower(), f"{kind.lower()}/{tail}")
        paths = self._schema.get("readOnlyProperties", [])
        attributes = {".".join(p.split("/")[2:]): self._value(p.split("/")[-1], arn, tail) for p in paths}
        known = {**attributes, **{k: v for k, v in properties.items() if isinstance(v, str)}}
        keys = sorted(property_names(self._schema, "primaryIdentifier"))
        primary = [str(known.get(key, context.name())) for key in keys]
        return Created(physical_id="|".join(primary) or context.name(), attributes=attributes)

    @staticmethod
    def _value(name: str, arn: str, tail: str) -> str:
        if name.lower().endswith("arn"):
            return arn
        return tail if name.lower().endswith("id") else f"{tail}-{name.lower()}"

    def taken(self, context: Context, properties: Properties) -> str:
        """Return the name that another resource of the type has, where the type has names of one's own choice."""
        name = self._name(context.resource_type, properties)
        records = [one for stack in context.services["engine"].store.all() for one in stack.records.values()]
        names = {self._name(one.type, one.properties) for one in records if one.type == context.resource_type}
        return name if name in names else ""

    def _name(self, kind: str, properties: Properties) -> str:
        """Return what identifies a resource as far as the template gives it, "" if it does not.

        That is the primary identifier, or where the service makes it up, what can never change if a name is in it.
        """
        names = self._schema.get("primaryIdentifier", [])
        if {*names} & {*self._schema.get("readOnlyProperties", [])}:
            names = self._schema.get("createOnlyProperties", [])
            if f"/properties/{kind.rsplit('::', 1)[-1]}Name" not in names:
                return ""
            names = [name for name in names if name.split("/")[2] in properties]
        values = [properties.get(name.split("/")[2]) for name in names]
        return "" if None in values else "|".join(map(text, values))

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Keep the identifiers."""
        return existing

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Forget it: there is nothing behind it."""
