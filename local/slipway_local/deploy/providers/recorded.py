"""Resources that are kept and can be asked for, and do nothing: no service behind them is emulated."""

import uuid
from typing import Any

from slipway_local.deploy.providers.base import Context, Created, Everything, Properties
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

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Keep the identifiers."""
        return existing

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Forget it: there is nothing behind it."""
