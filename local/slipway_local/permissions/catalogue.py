"""Which resource types each action of IAM names, and the form of their ARNs.

The data is AWS's own policy generator's, as cfn-lint carries it.
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any


@functools.cache
def _services() -> Mapping[str, Mapping[str, Any]]:
    import cfnlint

    path = Path(cfnlint.__file__).parent / "data" / "AdditionalSpecs" / "Policies.json"
    services: dict[str, Mapping[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return services


def resource_types(prefix: str, action: str) -> tuple[str, ...] | None:
    """Return the types of resources that an action names, none if it names all; None if there is no such action."""
    known = _services().get(prefix, {}).get("Actions", {}).get(action.lower())
    return None if known is None else tuple(kind.lower() for kind in known.get("Resources", ()))


def arn_format(prefix: str, resource_type: str) -> str:
    """Return the ARN of a type with `${Partition}`, `${Region}`, `${Account}`, its name as `.*`."""
    resources = _services()[prefix]["Resources"]  # actions write a type's name with capitals that it has not
    resource: Mapping[str, Any] = next(
        (value for name, value in resources.items() if name.lower() == resource_type), {}
    )
    return str(next(iter(resource.get("ARNFormats", ())), ""))


@functools.lru_cache(maxsize=512)
def arn_pattern(prefix: str, resource_type: str) -> re.Pattern[str]:
    """Return a pattern of the whole ARN of a type, whatever the account and region."""
    pieces = re.split(r"(\$\{[^}]*\}|\.\*)", arn_format(prefix, resource_type))
    return re.compile("".join(
        ".+" if piece == ".*" else "[^:]*" if piece.startswith("${") else re.escape(piece) for piece in pieces
    ))  # fmt: skip
