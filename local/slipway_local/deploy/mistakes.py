"""What is wrong with a template before any of its values is looked at, by cfn-lint's schemas of its sections.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from slipway_local.deploy.function_calls import OPERATORS, calls, wrong_calls
from slipway_local.deploy.intrinsics import references
from slipway_local.deploy.schemas import other_schema, validator_class, violations
from slipway_local.deploy.scope import PSEUDO_PARAMETERS

SECTIONS = {
    "AWSTemplateFormatVersion", "Conditions", "Description", "Hooks", "Mappings", "Metadata", "Outputs", "Parameters",
    "Resources", "Rules", "Transform",
}  # fmt: skip
VERSION = "2010-09-09"
UNRESOLVED = (
    "Template format error: Unresolved dependencies [{names}]. "
    "Cannot reference resources in the {section} block of the template"
)
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
POLICIES = {
    "DeletionPolicy": ("Delete", "Retain", "RetainExceptOnCreate", "Snapshot"),
    "UpdateReplacePolicy": ("Delete", "Retain", "Snapshot"),
}
WITH_SNAPSHOTS = {
    "AWS::DocDB::DBCluster", "AWS::EC2::Volume", "AWS::ElastiCache::CacheCluster", "AWS::ElastiCache::ReplicationGroup",
    "AWS::Neptune::DBCluster", "AWS::RDS::DBCluster", "AWS::RDS::DBInstance", "AWS::Redshift::Cluster",
}  # fmt: skip


def mistakes(stack_name: str, template: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each mistake; those in the form of sections and functions hide the others."""
    found = [*_of_form(template)] or [*_of_functions(template)] or [*_of_names(template)]
    return [f"{stack_name}{what}" if what.startswith("/") else f"{stack_name}: {what}" for what in found]


def _of_form(template: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted({*template} - SECTIONS):
        yield f"Invalid template property or properties [{key}]"
    version = template.get("AWSTemplateFormatVersion", VERSION)
    if str(version) != VERSION:
        yield f"[{version}] is not a supported value for AWSTemplateFormatVersion, {VERSION} is"
    for section in ("Mappings", "Outputs", "Parameters", "Resources", "Rules"):
        for path, what in violations(validator_class()(other_schema(section.lower())), template.get(section, {})):
            yield f"{section}.{path} {what}"
    conditions = template.get("Conditions", {})
    if not isinstance(conditions, dict):
        yield "Conditions expected object"
    for name, body in conditions.items() if isinstance(conditions, dict) else ():
        if not isinstance(body, dict) or [*body] not in [[operator] for operator in OPERATORS]:
            yield f"Conditions.{name} expected an object of one of {', '.join(OPERATORS)}"


def _of_functions(template: Mapping[str, Any]) -> Iterator[str]:
    conditions = template.get("Conditions", {})
    for name, body in conditions.items():
        yield from wrong_calls(body, f"Conditions.{name}", conditions, conditional=True)
    for name, output in template.get("Outputs", {}).items():
        yield from wrong_calls({"Value": output["Value"], **output.get("Export", {})}, f"Outputs.{name}", conditions)
    for name, rule in template.get("Rules", {}).items():
        for key, value in {"RuleCondition": rule.get("RuleCondition"), "Assertions": rule["Assertions"]}.items():
            yield from wrong_calls(value, f"Rules.{name}.{key}", conditions)
    for key, body in template["Resources"].items():
        yield from wrong_calls(body.get("Properties", {}), f"Resources.{key}.Properties", conditions)


def _of_names(template: Mapping[str, Any]) -> Iterator[str]:
    conditions, parameters = template.get("Conditions", {}), template.get("Parameters", {})
    for section in ("Conditions", "Rules"):
        if names := references(template.get(section, {})) - {*parameters, *PSEUDO_PARAMETERS}:
            yield UNRESOLVED.format(names=", ".join(sorted(names)), section=section)
    yield from _circles(conditions)
    for key, body in template["Resources"].items():
        yield from (f"/{key}: {what}" for what in _of_resource(key, body, conditions))
    for key, output in template.get("Outputs", {}).items():
        if "Condition" in output and output["Condition"] not in conditions:
            yield f"output {key}: there is no condition {output['Condition']} in this template"


def _circles(conditions: Mapping[str, Any]) -> Iterator[str]:
    needs = {
        name: {other for _, function, other in calls(body, name, conditional=True) if function == "Condition"}
        for name, body in conditions.items()
    }
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        yield f"Conditions: circular dependency {' -> '.join(error.args[1])}"


def _of_resource(logical_id: str, body: Mapping[str, Any], conditions: Mapping[str, Any]) -> Iterator[str]:
    """Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html"""
    depends_on = body.get("DependsOn", [])
    if logical_id in ([depends_on] if isinstance(depends_on, str) else depends_on):
        yield "it depends on itself (DependsOn)"
    if "Condition" in body and body["Condition"] not in conditions:
        yield f"there is no condition {body['Condition']} in this template"
    for policy, values in POLICIES.items():
        wanted = body.get(policy, "Delete")
        if wanted not in values:
            yield f"{policy} {wanted} is none of {', '.join(values)}"
        elif wanted == "Snapshot" and body["Type"] not in WITH_SNAPSHOTS:
            yield f"{policy} Snapshot: there are no snapshots of {body['Type']}"
    for name in body.get("CreationPolicy", ()):
        yield f"CreationPolicy.{name} is not emulated: nothing here waits for signals; leave CreationPolicy out"
    if body["Type"] == "AWS::CloudFormation::WaitCondition":
        yield "AWS::CloudFormation::WaitCondition is not emulated: nothing here waits for signals; leave it out"
