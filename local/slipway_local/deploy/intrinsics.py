"""CloudFormation's intrinsic functions and conditions.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Protocol, TypeVar

from slipway_local.deploy.scope import NO_VALUE, Scope

SUB = re.compile(r"\$\{(!?)([^}]+)\}")
Result = TypeVar("Result")


class TemplateError(ValueError):
    """A template that cannot be deployed; the message names the place and the remedy where there is one."""


class UnknownResourceError(TemplateError):
    """A reference to something that does not exist, or not yet."""


class Resources(Protocol):
    """What the resolver asks about resources that exist already."""

    def ref(self, logical_id: str) -> str:
        """Return what Ref gives."""
        ...

    def attribute(self, logical_id: str, name: str) -> Any:
        """Return what Fn::GetAtt gives."""
        ...


class NoResources:
    """Nothing exists yet."""

    def ref(self, logical_id: str) -> str:
        """Raises UnknownResourceError."""
        raise UnknownResourceError(logical_id)

    def attribute(self, logical_id: str, name: str) -> Any:
        """Raises UnknownResourceError."""
        raise UnknownResourceError(logical_id)


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
    """Resolves one template's values for one stack.

    `partial` leaves what refers to resources that do not exist (yet) as it stands, instead of raising
    UnknownResourceError. `imported` gathers the exports that were used.
    """

    def __init__(
        self, template: Mapping[str, Any], scope: Scope, resources: Resources, *, partial: bool = False
    ) -> None:
        self._template = template
        self.scope = scope
        self._resources = resources
        self._partial = partial
        self.imported: set[str] = set()
        self._conditions: dict[str, bool] = {}
        self._values: dict[str, Any] = {**scope.pseudo_parameters, **scope.parameters}
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": lambda v: str(v[0]).join(_text(item) for item in self._items(v[1])),
            "Fn::Select": self._select,
            "Fn::Split": lambda v: _text(self._whole(v[1])).split(v[0]),
            "Fn::If": lambda v: self.resolve(v[1] if self.condition(v[0]) else v[2]),
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAZs": self._zones,
            "Fn::Base64": lambda v: base64.b64encode(_text(self._whole(v)).encode()).decode(),
            "Fn::Cidr": self._cidr,
            "Fn::ToJsonString": lambda v: json.dumps(self._whole(v)),
            "Fn::ImportValue": self._import,
            "Fn::Length": lambda v: len(self._items(v)),
        }
        self._tests: dict[str, Callable[[Any], bool]] = {
            "Fn::Equals": lambda v: _text(self._whole(v[0])) == _text(self._whole(v[1])),
            "Fn::Contains": lambda v: self.resolve(v[1]) in self.resolve(v[0]),
            "Fn::And": lambda v: all(self.condition(item) for item in v),
            "Fn::Or": lambda v: any(self.condition(item) for item in v),
            "Fn::Not": lambda v: not self.condition(v[0]),
            "Condition": self.condition,
        }

    def resolve(self, value: Any) -> Any:
        """Return the value with every intrinsic function replaced; members that are AWS::NoValue vanish."""
        if isinstance(value, list):
            return [item for item in (self.resolve(item) for item in value) if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name in self._functions:
                try:
                    return _called(self._functions[name], name, argument)
                except UnknownResourceError:
                    if self._partial:
                        return value
                    raise
            if name.startswith("Fn::"):
                raise TemplateError(f"{name} is not supported")
        members = ((key, self.resolve(item)) for key, item in value.items())
        return {key: item for key, item in members if item is not NO_VALUE}

    def condition(self, value: Any) -> bool:
        """Evaluate a condition function, or a condition by its name."""
        if isinstance(value, str):
            if value not in self._conditions:
                self._conditions[value] = self._named_condition(value)
            return self._conditions[value]
        name, argument = next(iter(value.items()))
        if name not in self._tests:
            raise TemplateError(f"{name} is no condition function")
        return _called(self._tests[name], name, argument)

    def _named_condition(self, name: str) -> bool:
        body = self._template.get("Conditions", {}).get(name)
        if body is None:
            raise TemplateError(f"{self.scope.stack_name}: there is no condition {name} in this template")
        try:
            return self.condition(body)
        except UnknownResourceError:
            raise
        except TemplateError as error:
            raise TemplateError(f"{self.scope.stack_name}: condition {name}: {error}") from error

    def _ref(self, name: str) -> Any:
        return self._values[name] if name in self._values else self._resources.ref(name)

    def _import(self, argument: Any) -> str:
        name = _text(self._whole(argument))
        if name not in self.scope.exports:
            raise UnknownResourceError(f"No export named {name} found")
        self.imported.add(name)
        return self.scope.exports[name]

    def _whole(self, value: Any) -> Any:
        """Resolve an argument that a function needs now: where it cannot be, the function is left as it stands."""
        partial, self._partial = self._partial, False
        try:
            return self.resolve(value)
        finally:
            self._partial = partial

    def _items(self, value: Any) -> list[Any]:
        items = self._whole(value)
        if not isinstance(items, list):
            raise TypeError(f"expected a list, got {_quoted(items)}")
        return items

    def _get_att(self, argument: Any) -> Any:
        logical_id, _, name = argument.partition(".") if isinstance(argument, str) else (argument[0], "", argument[1])
        return self._resources.attribute(logical_id, self.resolve(name))

    def _sub(self, argument: Any) -> str:
        text, variables = (argument[0], self._whole(argument[1])) if isinstance(argument, list) else (argument, {})

        def one(match: re.Match[str]) -> str:
            escape, name = match.groups()
            if escape:
                return f"${{{name}}}"
            if name in variables:
                return _text(variables[name])
            return _text(self._get_att(name) if "." in name else self._ref(name))

        return SUB.sub(one, text)

    def _select(self, argument: Any) -> Any:
        items = self._items(argument[1])
        index = int(self.resolve(argument[0]))
        if not 0 <= index < len(items):
            raise TemplateError(f"Fn::Select: index {index} of a list of {len(items)}")
        return items[index]

    def _find_in_map(self, argument: Any) -> Any:
        name, first, second = (self._whole(item) for item in argument[:3])
        try:
            return self._template["Mappings"][name][first][second]
        except KeyError:
            if len(argument) > 3 and "DefaultValue" in argument[3]:
                return self.resolve(argument[3]["DefaultValue"])
            raise TemplateError(f"Fn::FindInMap: {name} has no {first}.{second}") from None

    def _zones(self, argument: Any) -> list[str]:
        region = self.resolve(argument) or self.scope.place.region
        return [f"{region}{letter}" for letter in "abc"]

    def _cidr(self, argument: Any) -> list[str]:
        import ipaddress

        block, count, bits = (self._whole(item) for item in argument)
        network = ipaddress.ip_network(block)
        found = list(islice(network.subnets(new_prefix=network.max_prefixlen - int(bits)), int(count)))
        if len(found) < int(count):
            raise TemplateError(f"Fn::Cidr: {block} has {len(found)} blocks of {bits} bits, not {count}")
        return list(map(str, found))


def _text(value: Any) -> str:
    """Return a scalar as CloudFormation writes it into text. Raises TypeError for a list or an object."""
    if isinstance(value, dict | list):
        raise TypeError(f"expected text, got {_quoted(value)}")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(value: Any) -> str:
    return json.dumps(value, default=str)[:200]


def _called(function: Callable[[Any], Result], name: str, argument: Any) -> Result:
    """Return what a function gives. Raises TemplateError that names it for an argument that it cannot take."""
    try:
        return function(argument)
    except TemplateError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise TemplateError(f"{name} cannot take {_quoted(argument)}: {error}") from error
