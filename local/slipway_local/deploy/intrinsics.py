"""CloudFormation's intrinsic functions, conditions, parameters and dynamic references.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from slipway_local.aws import Place

SUB = re.compile(r"\$\{(!?)([^}]+)\}")
DYNAMIC = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^}]+)\}\}")
NO_VALUE = object()


class TemplateError(ValueError):
    """A template that cannot be deployed; the message names the place and the remedy where there is one."""


class Resources(Protocol):
    """What the resolver asks about resources that exist already."""

    def ref(self, logical_id: str) -> str:
        """Return what Ref gives."""
        ...

    def attribute(self, logical_id: str, name: str) -> Any:
        """Return what Fn::GetAtt gives."""
        ...


def references(value: Any, into: set[str] | None = None) -> set[str]:
    """Return every logical id that a value refers to, by Ref, Fn::GetAtt or Fn::Sub."""
    found: set[str] = set() if into is None else into
    if isinstance(value, list):
        for item in value:
            references(item, found)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Ref" and isinstance(item, str):
                found.add(item)
            elif key == "Fn::GetAtt":
                found.add(item[0] if isinstance(item, list) else item.split(".")[0])
            elif key == "Fn::Sub":
                _sub_references(item, found)
            else:
                references(item, found)
    return found


def _sub_references(item: Any, found: set[str]) -> None:
    text, variables = (item[0], item[1]) if isinstance(item, list) else (item, {})
    references(list(variables.values()), found)
    found.update(name.split(".")[0] for escape, name in SUB.findall(text) if not escape and name not in variables)


class Resolver:
    """Resolves one template's values for one stack."""

    def __init__(self, template: Mapping[str, Any], place: Place, stack_name: str, resources: Resources) -> None:
        self._template = template
        self._place = place
        self._resources = resources
        self._conditions: dict[str, bool] = {}
        self._pseudo: dict[str, Any] = {
            "AWS::AccountId": place.account,
            "AWS::Region": place.region,
            "AWS::Partition": place.partition,
            "AWS::URLSuffix": "amazonaws.com.cn" if place.partition == "aws-cn" else "amazonaws.com",
            "AWS::StackName": stack_name,
            "AWS::StackId": place.arn("cloudformation", f"stack/{stack_name}/local"),
            "AWS::NotificationARNs": [],
            "AWS::NoValue": NO_VALUE,
        }
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": lambda v: str(v[0]).join(str(item) for item in self.resolve(v[1])),
            "Fn::Select": self._select,
            "Fn::Split": lambda v: str(self.resolve(v[1])).split(v[0]),
            "Fn::If": lambda v: self.resolve(v[1] if self.condition(v[0]) else v[2]),
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAZs": self._zones,
            "Fn::Base64": lambda v: base64.b64encode(str(self.resolve(v)).encode()).decode(),
            "Fn::Cidr": self._cidr,
            "Fn::ToJsonString": lambda v: json.dumps(self.resolve(v)),
            "Fn::Length": lambda v: len(self.resolve(v)),
        }
        self._tests: dict[str, Callable[[Any], bool]] = {
            "Fn::Equals": lambda v: str(self.resolve(v[0])) == str(self.resolve(v[1])),
            "Fn::And": lambda v: all(self.condition(item) for item in v),
            "Fn::Or": lambda v: any(self.condition(item) for item in v),
            "Fn::Not": lambda v: not self.condition(v[0]),
            "Condition": self.condition,
        }
        self.parameters = {name: self._parameter(name, p) for name, p in template.get("Parameters", {}).items()}

    def resolve(self, value: Any) -> Any:
        """Return the value with every intrinsic function replaced; members that are AWS::NoValue vanish."""
        if isinstance(value, list):
            return [item for item in (self.resolve(item) for item in value) if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name in self._functions:
                return self._functions[name](argument)
            if name.startswith("Fn::"):
                raise TemplateError(f"{name} is not supported" + _remedy(name))
        members = ((key, self.resolve(item)) for key, item in value.items())
        return {key: item for key, item in members if item is not NO_VALUE}

    def condition(self, value: Any) -> bool:
        """Evaluate a condition function, or a condition by its name."""
        if isinstance(value, str):
            if value not in self._conditions:
                self._conditions[value] = self.condition(self._template.get("Conditions", {})[value])
            return self._conditions[value]
        name, argument = next(iter(value.items()))
        if name not in self._tests:
            raise TemplateError(f"{name} is no condition function")
        return self._tests[name](argument)

    def _parameter(self, name: str, declaration: Mapping[str, Any]) -> Any:
        if "Default" not in declaration:
            raise TemplateError(f"parameter {name} has no default value")
        value = declaration["Default"]
        if declaration["Type"].startswith("AWS::SSM::Parameter::Value<"):
            value = self._ssm(str(value), f"parameter {name}")
        return (
            value.split(",") if declaration["Type"].endswith("List>") or "List" in declaration["Type"][:20] else value
        )

    def _ssm(self, name: str, what: str) -> str:
        client = self._place.client("ssm")
        try:
            return str(client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
        except client.exceptions.ParameterNotFound:
            raise TemplateError(f"{what}: there is no SSM parameter {name}") from None

    def _ref(self, name: str) -> Any:
        if name in self._pseudo:
            return self._pseudo[name]
        return self.parameters[name] if name in self.parameters else self._resources.ref(name)

    def _get_att(self, argument: Any) -> Any:
        logical_id, _, name = argument.partition(".") if isinstance(argument, str) else (argument[0], "", argument[1])
        return self._resources.attribute(logical_id, self.resolve(name))

    def _sub(self, argument: Any) -> str:
        text, variables = (argument[0], self.resolve(argument[1])) if isinstance(argument, list) else (argument, {})

        def one(match: re.Match[str]) -> str:
            escape, name = match.groups()
            if escape:
                return f"${{{name}}}"
            if name in variables:
                return str(variables[name])
            return str(self._get_att(name) if "." in name else self._ref(name))

        return SUB.sub(one, text)

    def _select(self, argument: Any) -> Any:
        items = self.resolve(argument[1])
        index = int(self.resolve(argument[0]))
        if not 0 <= index < len(items):
            raise TemplateError(f"Fn::Select: index {index} of a list of {len(items)}")
        return items[index]

    def _find_in_map(self, argument: Any) -> Any:
        name, first, second = (self.resolve(item) for item in argument[:3])
        try:
            return self._template["Mappings"][name][first][second]
        except KeyError:
            if len(argument) > 3 and "DefaultValue" in argument[3]:
                return self.resolve(argument[3]["DefaultValue"])
            raise TemplateError(f"Fn::FindInMap: {name} has no {first}.{second}") from None

    def _zones(self, argument: Any) -> list[str]:
        region = self.resolve(argument) or self._place.region
        return [f"{region}{letter}" for letter in "abc"]

    def _cidr(self, argument: Any) -> list[str]:
        import ipaddress

        block, count, bits = (self.resolve(item) for item in argument)
        subnets = ipaddress.ip_network(block).subnets(new_prefix=32 - int(bits))
        return [str(next(subnets)) for _ in range(int(count))]


def resolve_dynamic(value: Any, place: Place) -> Any:
    """Return the value with `{{resolve:…}}` replaced by parameters and secrets of this cloud.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
    """
    if isinstance(value, list):
        return [resolve_dynamic(item, place) for item in value]
    if isinstance(value, dict):
        return {key: resolve_dynamic(item, place) for key, item in value.items()}
    if not isinstance(value, str) or "{{resolve:" not in value:
        return value
    return DYNAMIC.sub(lambda match: _dynamic(match[1], match[2], place), value)


def _dynamic(service: str, reference: str, place: Place) -> str:
    if service.startswith("ssm"):
        name = reference.rsplit(":", 1)[0] if reference.rsplit(":", 1)[-1].isdigit() else reference
        return str(place.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
    before, _, after = reference.partition(":SecretString")
    if not after and not reference.endswith(":SecretString"):
        before = reference
    secret = str(place.client("secretsmanager").get_secret_value(SecretId=before)["SecretString"])
    key = after.split(":")[1] if after.startswith(":") else ""
    return str(json.loads(secret)[key]) if key else secret


def _remedy(name: str) -> str:
    if name == "Fn::ImportValue":
        return ": exports tie stacks together so that neither can change; pass the name through an SSM parameter"
    return ""
