"""CloudFormation's functions, as far as their values are known before a deployment; what is not known stays."""

import re
from typing import Any

VARIABLE = re.compile(r"\$\{([^!}]+)\}")


def resolve(value: Any, known: dict[str, str]) -> Any:
    """The value with Ref, Fn::Join and Fn::Sub of known names replaced by texts."""
    match value:
        case list():
            return [resolve(item, known) for item in value]
        case {"Ref": str(name)} if name in known:
            return known[name]
        case {"Fn::Join": [str(separator), list(items)]}:
            return _joined(separator, resolve(items, known))
        case {"Fn::Sub": str(text)} if all(name in known for name in VARIABLE.findall(text)):
            return VARIABLE.sub(lambda match: known[match[1]], text)
        case dict():
            return {name: resolve(item, known) for name, item in value.items()}
    return value


def _joined(separator: str, parts: list[Any]) -> Any:
    if all(isinstance(part, str) for part in parts):
        return separator.join(parts)
    return {"Fn::Join": [separator, parts]}
