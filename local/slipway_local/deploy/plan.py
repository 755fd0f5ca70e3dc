"""What a template asks for, checked before anything is made: its resources in order, each with its provider."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slipway_local.aws import Place
from slipway_local.deploy.intrinsics import TemplateError, references
from slipway_local.deploy.providers import IGNORED, provider_of
from slipway_local.deploy.providers.base import Provider
from slipway_local.deploy.schemas import problems, schema_of


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One resource of a template."""

    logical_id: str
    type: str
    provider: Provider
    properties: dict[str, Any]
    depends_on: tuple[str, ...]
    condition: str | None
    retain: bool


def plan(stack_name: str, template: Mapping[str, Any], place: Place) -> list[Planned]:
    """Return the template's resources, each after those it depends on.

    Raises TemplateError that names every refused type, unknown property, wrong type and missing value at once.
    """
    bodies = {key: body for key, body in template.get("Resources", {}).items() if body.get("Type") not in IGNORED}
    errors: list[str] = []
    planned: dict[str, Planned] = {}
    for logical_id, body in bodies.items():
        provider = provider_of(body["Type"], place.region)
        if isinstance(provider, str):
            errors.append(f"{stack_name}/{logical_id} ({body['Type']}): {provider}")
            continue
        errors += _property_errors(stack_name, logical_id, body, place.region)
        planned[logical_id] = _planned(logical_id, body, provider, set(bodies))
    errors += _import_errors(stack_name, template)
    if errors:
        raise TemplateError("\n".join(errors))
    return _ordered(stack_name, planned)


def _planned(logical_id: str, body: Mapping[str, Any], provider: Provider, known: set[str]) -> Planned:
    explicit = body.get("DependsOn", [])
    explicit = [explicit] if isinstance(explicit, str) else explicit
    needed = (references(body.get("Properties", {})) | set(explicit)) & known - {logical_id}
    return Planned(
        logical_id=logical_id,
        type=body["Type"],
        provider=provider,
        properties=body.get("Properties", {}),
        depends_on=tuple(sorted(needed)),
        condition=body.get("Condition"),
        retain=body.get("DeletionPolicy", "Delete").startswith(("Retain", "Snapshot")),
    )


def _property_errors(stack_name: str, logical_id: str, body: Mapping[str, Any], region: str) -> list[str]:
    schema = schema_of(body["Type"], region)
    properties = body.get("Properties", {})
    if schema is None:
        found = [] if "ServiceToken" in properties else [("ServiceToken", "is required")]
    else:
        found = list(problems(properties, schema))
    return [f"{stack_name}/{logical_id} ({body['Type']}): property {path} {what}" for path, what in found]


def _import_errors(stack_name: str, value: Any, path: str = "") -> list[str]:
    if isinstance(value, list):
        return [
            error
            for number, item in enumerate(value)
            for error in _import_errors(stack_name, item, f"{path}[{number}]")
        ]
    if not isinstance(value, dict):
        return []
    if "Fn::ImportValue" in value:
        remedy = "exports tie stacks together so that neither can change; pass the name through an SSM parameter"
        return [f"{stack_name}: Fn::ImportValue at {path.lstrip('.')}: {remedy}"]
    return [error for key, item in value.items() for error in _import_errors(stack_name, item, f"{path}.{key}")]


def _ordered(stack_name: str, planned: dict[str, Planned]) -> list[Planned]:
    ordered: dict[str, Planned] = {}

    def visit(logical_id: str, path: tuple[str, ...]) -> None:
        if logical_id in path:
            raise TemplateError(f"{stack_name}: circular dependency {' -> '.join([*path, logical_id])}")
        if logical_id not in ordered:
            for needed in planned[logical_id].depends_on:
                visit(needed, (*path, logical_id))
            ordered[logical_id] = planned[logical_id]

    for logical_id in planned:
        visit(logical_id, ())
    return list(ordered.values())
