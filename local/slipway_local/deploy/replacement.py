"""Whether a change of a resource's properties needs another physical resource, or cannot be made.

Source: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html (createOnlyProperties)
"""

from typing import Any

from slipway_local.aws import Place
from slipway_local.deploy.intrinsics import TemplateError
from slipway_local.deploy.plan import Planned
from slipway_local.deploy.providers.base import changed
from slipway_local.deploy.schemas import schema_of

NAMED = "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename"


def must_replace(one: Planned, old: dict[str, Any], new: dict[str, Any], place: Place) -> bool:
    """Return whether a create-only property differs, or the provider cannot update at all.

    Raises TemplateError for a change that can neither be made in place nor by another resource beside the old one.
    """
    if old == new:
        return False
    named = one.provider.custom_name(new)
    named = named if named == one.provider.custom_name(old) else None
    if replacing_properties(one, old, new, place):
        if named:
            raise TemplateError(f"{NAMED} {named} and update the stack again.")
        return True
    unreached = one.provider.unreached(place, old, new) if one.provider.updatable else sorted(changed(old, new))
    if unreached and (one.provider.updatable or named):
        raise TemplateError(
            f"{', '.join(unreached)} of {one.type} cannot be updated by the local cloud: leave it as it was, or give "
            "the resource another logical id (and name), which makes it anew"
        )
    stuck = [name.split(" ")[0] for name in one.provider.unreached(place, new, old)] if one.provider.updatable else []
    if stuck := sorted({*stuck} - one.provider.one_way):
        raise TemplateError(
            f"{', '.join(stuck)} of {one.type} can be set but not taken away again "
            "by the local cloud, so that no rollback could undo it: leave it out, or give the resource another "
            "logical id (and name), which makes it anew"
        )
    return not one.provider.updatable


def replacing_properties(one: Planned, old: dict[str, Any], new: dict[str, Any], place: Place) -> set[str]:
    """Return the names of the top-level properties whose difference replaces the resource.

    What sometimes does so does it here where no update reaches it.
    """
    schema = schema_of(one.type, place.region) or {}
    names = {path[0] for path in _paths(schema, "createOnlyProperties") if _at(old, path) != _at(new, path)}
    sometimes = {
        path[0] for path in _paths(schema, "conditionalCreateOnlyProperties") if _at(old, path) != _at(new, path)
    }
    unreached = {name.split(" ")[0] for name in one.provider.unreached(place, old, new)} if sometimes else set()
    return names | (sometimes & unreached)


def _paths(schema: dict[str, Any], section: str) -> list[list[str]]:
    return [path.split("/")[2:] for path in schema.get(section, [])]


def _at(value: Any, path: list[str]) -> Any:
    for part in path:
        if not isinstance(value, dict):
            return value
        value = value.get(part)
    return value
