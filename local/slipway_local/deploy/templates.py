"""Template text, JSON or YAML with CloudFormation's short tags, into the template it stands for.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

import json
from typing import Any

from slipway_local.deploy.intrinsics import TemplateError


def parse_template(text: str) -> dict[str, Any]:
    """Return the template. Raises TemplateError if the text is neither JSON nor YAML, or holds no resources."""
    try:
        template = json.loads(text) if text.lstrip().startswith("{") else _yaml(text)
    except ValueError as error:
        raise TemplateError(f"Template format error: {error}") from None
    if not isinstance(template, dict):
        raise TemplateError("Template format error: unsupported structure.")
    if not template.get("Resources"):
        raise TemplateError("Template format error: At least one Resources member must be defined.")
    if template.get("Transform") or "Fn::Transform" in text:
        raise TemplateError("transforms and macros are not emulated; write out what they stand for")
    return template


def _yaml(text: str) -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """Safe, keeps dates as text, and knows `!Ref`, `!Sub` and the others."""

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.add_multi_constructor("!", _short_tag)
    try:
        return yaml.load(text, Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise ValueError(f"YAML not well-formed. {error}") from None


def _short_tag(loader: Any, name: str, node: Any) -> dict[str, Any]:
    import yaml

    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}
