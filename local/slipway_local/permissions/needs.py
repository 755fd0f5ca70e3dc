"""From a call to what it needs: actions, the ARNs they are about, and the condition keys of each.

Most calls follow three rules: the action is named as the operation; a parameter that holds an ARN of the action's
resource type names the resource; so does one with the resource's name. What differs is in `rules`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from slipway_local.permissions.calls import Call, UnknownCallError
from slipway_local.permissions.catalogue import arn_format, arn_pattern, resource_types
from slipway_local.permissions.decision import Need
from slipway_local.permissions.rules import RULES

# Operations whose action has another name.
# Source: the service's page in the Service Authorization Reference.
RENAMED: Mapping[str, Mapping[str, str]] = {
    "lambda": {
        "Invoke": "InvokeFunction",
        "InvokeWithResponseStream": "InvokeFunction",
        "InvokeAsync": "InvokeFunction",
    },
}
# Parameters that hold a resource's name beside `<Type>Name`, `<Type>Id` and `<Type>Identifier`; in lower case.
NAMES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("cloudwatch", "alarm"): ("alarmnames",),
    ("cloudwatch", "dashboard"): ("dashboardnames",),
    ("glue", "job"): ("jobnames",),
}
ROLE_ARN = re.compile(r"arn:[^:]+:iam::\d{12}:role/.+")


def needs(call: Call) -> list[Need]:
    """Return what the caller must be allowed to do. Raises UnknownCallError if that cannot be told."""
    rule = RULES.get(call.prefix)
    found = rule(call) if rule else None
    return [*(found if found is not None else generic(call)), *_passed_roles(call)]


def generic(call: Call) -> list[Need]:
    """Return the needs of a call that follows the rules."""
    action = RENAMED.get(call.prefix, {}).get(call.operation, call.operation)
    types = resource_types(call.prefix, action)
    if types is None:
        raise UnknownCallError(f"the action of {call.prefix} {call.operation}")
    name = f"{call.prefix}:{action}"
    if not types:
        return [Need(name, "*")]
    found = dict.fromkeys(arn for kind in types for arn in _resources(call, kind))
    if not found and call.operation.startswith(("List", "Describe")):
        found = dict.fromkeys(_filled(call, arn_format(call.prefix, kind), "*") for kind in types)
    if not found:
        raise UnknownCallError(f"the resource ({' or '.join(types)}) of {call.prefix} {call.operation}")
    return [Need(name, arn) for arn in found]


def _resources(call: Call, kind: str) -> Iterator[str]:
    """Yield the ARNs of one resource type that the parameters name."""
    camel = kind.replace("-", "").replace(" ", "").lower()
    names = (*NAMES.get((call.prefix, kind), ()), f"{camel}name", f"{camel}id", f"{camel}identifier")
    if call.operation.lower().endswith(camel):
        names = (*names, "name")
    for parameter, value in call.parameters.items():
        for text in _texts(value):
            if text.startswith("arn:"):
                if arn_pattern(call.prefix, kind).fullmatch(text):
                    yield text
            elif parameter.lower() in names:
                yield _filled(call, arn_format(call.prefix, kind), text.lstrip("/"))


def _filled(call: Call, template: str, name: str) -> str:
    place = {"${Partition}": call.partition, "${Region}": call.region, "${Account}": call.account, ".*": name}
    for placeholder, value in place.items():
        template = template.replace(placeholder, value)
    return template


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        return (value,)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _passed_roles(call: Call) -> list[Need]:
    """Return `iam:PassRole` for each role that the call gives to the service.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    if call.prefix in ("sts", "iam"):
        return []
    service = {"iam:passedtoservice": [f"{call.prefix}.amazonaws.com"]}
    roles = dict.fromkeys(_roles(call.parameters)) if not call.operation.startswith(("Get", "List", "Describe")) else ()
    return [Need("iam:PassRole", arn, service) for arn in roles]


def _roles(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _roles(item, str(name).lower())
    elif isinstance(value, list):
        for item in value:
            yield from _roles(item, key)
    elif isinstance(value, str) and key.endswith(("rolearn", "role")) and ROLE_ARN.fullmatch(value):
        yield value
