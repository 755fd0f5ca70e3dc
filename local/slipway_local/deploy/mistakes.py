"""What is wrong with a template before any of its values is looked at.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

SECTIONS = {
    "AWSTemplateFormatVersion", "Conditions", "Description", "Hooks", "Mappings", "Metadata", "Outputs", "Parameters",
    "Resources", "Rules", "Transform",
}  # fmt: skip
ATTRIBUTES = {
    "Condition", "CreationPolicy", "DeletionPolicy", "DependsOn", "Metadata", "Properties", "Type", "UpdatePolicy",
    "UpdateReplacePolicy",
}  # fmt: skip
VERSION = "2010-09-09"
LOGICAL_ID = re.compile(r"[A-Za-z0-9]+")


def mistakes(stack_name: str, template: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each mistake in the template's sections and in its resources' attributes."""
    found = [f"{stack_name}: Invalid template property or properties [{key}]" for key in sorted({*template} - SECTIONS)]
    version = template.get("AWSTemplateFormatVersion", VERSION)
    if str(version) != VERSION:
        found.append(f"{stack_name}: [{version}] is not a supported value for AWSTemplateFormatVersion, {VERSION} is")
    conditions = template.get("Conditions", {})
    for key, body in template["Resources"].items():
        found += [f"{stack_name}/{key}: {what}" for what in _of_resource(key, body, conditions)]
    for key, output in template.get("Outputs", {}).items():
        if "Condition" in output and output["Condition"] not in conditions:
            found.append(f"{stack_name}: output {key}: there is no condition {output['Condition']} in this template")
    return found


def _of_resource(logical_id: str, body: Any, conditions: Mapping[str, Any]) -> Iterator[str]:
    """Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html"""
    if not LOGICAL_ID.fullmatch(logical_id):
        yield "the logical id is not alphanumeric"
    if not isinstance(body, dict) or not isinstance(body.get("Type"), str):
        yield "a resource is an object with a Type, a string"
        return
    for name in sorted({*body} - ATTRIBUTES):
        yield f"Invalid template resource property '{name}'"
    depends_on = body.get("DependsOn", [])
    if logical_id in ([depends_on] if isinstance(depends_on, str) else depends_on):
        yield "it depends on itself (DependsOn)"
    if "Condition" in body and body["Condition"] not in conditions:
        yield f"there is no condition {body['Condition']} in this template"
    for name in body.get("CreationPolicy", ()):
        yield f"CreationPolicy.{name} is not emulated: nothing here waits for signals; leave CreationPolicy out"
