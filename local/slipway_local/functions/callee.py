"""Which function an invocation names: by name or ARN, with a version or an alias.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
"""

import random
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Callee:
    """moto's record of the version that runs, and the ARN as the caller named it."""

    record: Any
    arn: str
    qualifier: str

    @property
    def name(self) -> str:
        """Return the function's name."""
        return str(self.record.function_name)

    @property
    def latest(self) -> Any:
        """Return moto's record of the unpublished version, which holds what counts for all of them."""
        from moto.awslambda.utils import get_backend

        return get_backend(self.record.account_id, self.record.region).get_function(self.name)


def find(backend: Any, name: str, qualifier: str | None = None) -> Callee:
    """Return the function; an alias with weights chooses its version. Raises moto's ResourceNotFoundException."""
    given = name.split(":")
    if name.startswith("arn:"):
        name, found = given[6], given[7] if len(given) > 7 else None
    else:
        name, found = given[0], given[1] if len(given) > 1 else None
    qualifier = found or qualifier or None
    record = backend.get_function(name, _version(backend, name, qualifier) if qualifier else None)
    # Version records carry their number in the ARN; the latest never carries one.
    arn = ":".join(record.function_arn.split(":")[:7])
    return Callee(record=record, arn=f"{arn}:{qualifier}" if qualifier else arn, qualifier=qualifier or "$LATEST")


def find_by_arn(arn: str) -> Callee:
    """Return the function with this ARN, qualifier included. Raises moto's ResourceNotFoundException."""
    from moto.awslambda.utils import get_backend

    parts = arn.split(":")
    return find(get_backend(parts[4], parts[3]), arn)


def _version(backend: Any, name: str, qualifier: str) -> str:
    aliases = {alias.name: alias for alias in backend.list_aliases(name)}
    alias = aliases.get(qualifier)
    if alias is None:
        return qualifier
    weights = (alias.routing_config or {}).get("AdditionalVersionWeights") or {}
    draw = random.random()  # noqa: S311  # a share of the traffic, no secret
    for version, weight in weights.items():
        if draw < float(weight):
            return str(version)
        draw -= float(weight)
    return str(alias.function_version)
