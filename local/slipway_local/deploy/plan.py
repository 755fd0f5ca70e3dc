"""What a template asks for, checked before anything is made: its resources in order, each with its provider."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from slipway_local.deploy.intrinsics import Resolver, TemplateError, UnknownResourceError, references
from slipway_local.deploy.mistakes import mistakes
from slipway_local.deploy.providers import provider_of
from slipway_local.deploy.providers.base import Provider
from slipway_local.deploy.schemas import problems, schema_of
from slipway_local.deploy.scope import PSEUDO_PARAMETERS

IGNORED = {"AWS::CDK::Metadata"}
MALFORMED = "The Value field of every Outputs member must evaluate to a String"


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One resource of a template."""

    logical_id: str
    type: str
    provider: Provider
    properties: dict[str, Any]
    depends_on: tuple[str, ...]
    retain: bool
    retain_replaced: bool
    retain_undone: bool
    snapshot: bool
    snapshot_replaced: bool


class RefusedError(TemplateError):
    """A template that is not deployed; `resources` holds `Type stack/logicalId: reason` of the types not supported."""

    def __init__(self, message: str, resources: list[str]) -> None:
        super().__init__(message)
        self.resources = resources


def plan(stack_name: str, template: Mapping[str, Any], resolver: Resolver, region: str) -> list[Planned]:
    """Return the template's resources, each after those it depends on, without those whose condition is false.

    `resolver` is partial: what it can know now is checked now. Raises RefusedError that names every mistake in sections
    and attributes at once, or else every refused type, unknown property, wrong or missing value and dependency.
    """
    if wrong := mistakes(stack_name, template):
        raise RefusedError("\n".join(wrong), [])
    every = template["Resources"]
    bodies = {key: body for key, body in every.items() if body["Type"] not in IGNORED and _holds(resolver, body)}
    known = {*bodies, *template.get("Parameters", {}), *PSEUDO_PARAMETERS}
    errors = [*_broken_rules(stack_name, template, resolver), *_wrong_outputs(stack_name, template, resolver, known)]
    refused: list[str] = []
    planned: dict[str, Planned] = {}
    for logical_id, body in bodies.items():
        name = f"{stack_name}/{logical_id} ({body['Type']})"
        provider = provider_of(str(body["Type"]), region)
        if isinstance(provider, str):
            errors.append(f"{name}: {provider}")
            refused.append(f"{body['Type']} {stack_name}/{logical_id}: {provider}")
            continue
        try:
            properties = resolver.resolve(body.get("Properties", {}))
        except TemplateError as error:
            errors.append(f"{name}: {error}")
            continue
        errors += [f"{name}: property {path} {what}" for path, what in property_problems(body, properties, region)]
        unknown = [*sorted(references(properties) - known), *sorted({*_explicit(body)} - {*every})]
        errors += [f"{name}: {_absent(other, every)}" for other in unknown]
        planned[logical_id] = _planned(logical_id, body, provider, properties, set(bodies))
    if errors:
        raise RefusedError("\n".join(errors), refused)
    return _ordered(stack_name, planned)


def property_problems(body: Mapping[str, Any], properties: dict[str, Any], region: str) -> list[tuple[str, str]]:
    """Return (path, what is wrong) of each property that its type's schema does not allow."""
    schema = schema_of(body["Type"], region)
    if schema is None:
        return [] if "ServiceToken" in properties else [("ServiceToken", "is required")]
    return list(problems(properties, schema))


def _planned(
    logical_id: str, body: Mapping[str, Any], provider: Provider, properties: dict[str, Any], others: set[str]
) -> Planned:
    deletion, replacement = body.get("DeletionPolicy", "Delete"), body.get("UpdateReplacePolicy", "Delete")
    return Planned(
        logical_id=logical_id,
        type=body["Type"],
        provider=provider,
        properties=body.get("Properties", {}),
        depends_on=tuple(sorted((references(properties) | set(_explicit(body))) & others - {logical_id})),
        retain=deletion.startswith("Retain"),
        retain_replaced=replacement == "Retain",
        retain_undone=deletion == "Retain",
        snapshot=deletion == "Snapshot",
        snapshot_replaced=replacement == "Snapshot",
    )


def _holds(resolver: Resolver, body: Mapping[str, Any], key: str = "Condition") -> bool:
    """Return whether a condition is true, is not there, or hangs on what is not known yet."""
    try:
        return key not in body or resolver.condition(body[key])
    except UnknownResourceError:
        return True


def _explicit(body: Mapping[str, Any]) -> list[str]:
    depends_on = body.get("DependsOn", [])
    return [depends_on] if isinstance(depends_on, str) else depends_on


def _absent(name: str, every: Mapping[str, Any]) -> str:
    return f"{name} is not made: its condition is false" if name in every else f"there is no {name} in this template"


def _wrong_outputs(stack_name: str, template: Mapping[str, Any], resolver: Resolver, known: set[str]) -> Iterator[str]:
    """Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html"""
    every = template["Resources"]
    for key, output in template.get("Outputs", {}).items():
        if not _holds(resolver, output):
            continue
        try:
            value = resolver.resolve([output["Value"], output.get("Export", {})])
        except TemplateError as error:
            yield f"{stack_name}: output {key}: {error}"
            continue
        yield from (f"{stack_name}: output {key}: {_absent(n, every)}" for n in sorted(references(value) - known))
        if isinstance(value[0], list) or (isinstance(value[0], dict) and not references(value[0])):
            yield f"{stack_name}: output {key}: {MALFORMED}"


def _broken_rules(stack_name: str, template: Mapping[str, Any], resolver: Resolver) -> list[str]:
    """Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html"""
    return [
        f"{stack_name}: rule {name}: {assertion.get('AssertDescription', 'assertion failed')}"
        for name, rule in template.get("Rules", {}).items()
        if _holds(resolver, rule, "RuleCondition")
        for assertion in rule["Assertions"]
        if not _holds(resolver, assertion, "Assert")
    ]


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
