"""Whether a change of a resource's properties needs another physical resource.

Source: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html (createOnlyProperties)
"""

from typing import Any

from slipway_local.deploy.plan import Planned
from slipway_local.deploy.schemas import schema_of


def must_replace(one: Planned, old: dict[str, Any], new: dict[str, Any], region: str) -> bool:
    """Return whether a create-only property differs, or the provider cannot update at all."""
    return old != new and (not one.provider.updatable or bool(replacing_properties(one.type, old, new, region)))


def replacing_properties(resource_type: str, old: dict[str, Any], new: dict[str, Any], region: str) -> set[str]:
    """Return the names of the top-level properties whose difference replaces the resource."""
    schema = schema_of(resource_type, region) or {}
    paths = [path.split("/")[2:] for path in schema.get("createOnlyProperties", [])]
    return {path[0] for path in paths if _at(old, path) != _at(new, path)}


def _at(value: Any, path: list[str]) -> Any:
    for part in path:
        if not isinstance(value, dict):
            return value
        value = value.get(part)
    return value
