"""A template's parameters: the values given, the defaults, what each may be, and those kept in SSM.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

import re
from collections.abc import Mapping
from typing import Any

from slipway_local.aws import Place
from slipway_local.deploy.intrinsics import TemplateError

SSM_VALUE = "AWS::SSM::Parameter::Value<"


def effective(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """Return every declared parameter's text, given or by default.

    Raises TemplateError, in CloudFormation's words, for unknown names, missing values and values not allowed.
    """
    if unknown := sorted(set(given) - set(declared)):
        raise TemplateError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    if missing := [name for name in declared if name not in given and "Default" not in declared[name]]:
        raise TemplateError(f"Parameters: [{', '.join(missing)}] must have values")
    values = {name: str(given.get(name, rules.get("Default"))) for name, rules in declared.items()}
    for name, value in values.items():
        _check(name, value, declared[name])
    return values


def resolved(declared: Mapping[str, Any], values: Mapping[str, str], place: Place, *, early: bool) -> dict[str, Any]:
    """Return what Ref gives for each: lists split, SSM parameters read.

    Raises TemplateError where SSM has none, unless it is `early`: those are left out then.
    """
    result: dict[str, Any] = {}
    for name, given in values.items():
        kind, value = str(declared[name]["Type"]), given
        if kind.startswith(SSM_VALUE):
            try:
                value, kind = _ssm(name, given, place), kind.removeprefix(SSM_VALUE).removesuffix(">")
            except TemplateError:
                if early:
                    continue
                raise
        listed = kind == "CommaDelimitedList" or kind.startswith("List<")
        result[name] = [item.strip() for item in value.split(",")] if listed and value else [] if listed else value
    return result


def _ssm(name: str, path: str, place: Place) -> str:
    client = place.client("ssm")
    try:
        return str(client.get_parameter(Name=path, WithDecryption=True)["Parameter"]["Value"])
    except client.exceptions.ParameterNotFound:
        raise TemplateError(f"parameter {name}: there is no SSM parameter {path}") from None


def _check(name: str, value: str, rules: Mapping[str, Any]) -> None:
    kind = rules["Type"]
    items = [item.strip() for item in value.split(",")] if kind in ("CommaDelimitedList", "List<Number>") else [value]
    for item in items:
        for problem in _problems(item, rules):
            because = rules.get("ConstraintDescription")
            raise TemplateError(f"Parameter '{name}' {problem}" + (f": {because}" if because else ""))


def _problems(value: str, rules: Mapping[str, Any]) -> list[str]:
    found = []
    number = re.fullmatch(r"-?\d+(\.\d+)?", value)
    if "Number" in rules["Type"] and not number:
        found.append("must be a number")
    if "AllowedValues" in rules and value not in map(str, rules["AllowedValues"]):
        found.append(f"must be one of AllowedValues: {', '.join(map(str, rules['AllowedValues']))}")
    if "AllowedPattern" in rules and not re.fullmatch(rules["AllowedPattern"], value):
        found.append(f"must match pattern {rules['AllowedPattern']}")
    if not int(rules.get("MinLength", 0)) <= len(value) <= int(rules.get("MaxLength", len(value))):
        found.append("is too short or too long")
    least, most = float(rules.get("MinValue", "-inf")), float(rules.get("MaxValue", "inf"))
    if number and not least <= float(value) <= most:
        found.append("is too small or too large")
    return found
