"""What a prompt's variants must be, beyond the shapes of the service's model.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_PromptVariant.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..aws_json import JsonObject, validation_error

PLACE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


def check_variants(request: JsonObject) -> None:
    """Raises: ServiceError ValidationException for a variant that could never be rendered."""
    variants = request.get("variants", [])
    default = request.get("defaultVariant")
    if default is not None and default not in [each["name"] for each in variants]:
        raise validation_error(f"The default variant {default} is no variant of the prompt")
    for variant in variants:
        kind, configuration = variant["templateType"], variant["templateConfiguration"]
        if kind.lower() not in configuration:
            raise validation_error(f"The template configuration of {variant['name']} must be that of type {kind}")
        template = configuration[kind.lower()]
        if kind == "CHAT" and not template["messages"]:
            raise validation_error(f"The chat template of {variant['name']} needs a message")
        _check_variables(template)


def _check_variables(template: JsonObject) -> None:
    """Raises: ServiceError where places and variables are not the same; stricter than AWS says that it is."""
    used = {place.strip() for text in _texts(template) for place in PLACE.findall(text)}
    declared = {each.get("name", "") for each in template.get("inputVariables", [])}
    if odd := sorted(used ^ declared):
        raise validation_error(f"The variable {odd[0]} must stand in the template and among its inputVariables")


def _texts(template: JsonObject) -> Iterator[str]:
    if "text" in template:
        yield template["text"]
    blocks = [
        *template.get("system", []),
        *(block for each in template.get("messages", []) for block in each["content"]),
    ]
    yield from (block["text"] for block in blocks if "text" in block)
