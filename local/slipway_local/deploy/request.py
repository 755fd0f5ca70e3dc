"""What a caller asks of a stack, and the same once it is read and checked."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway_local.deploy.intrinsics import Resolver
from slipway_local.deploy.plan import Planned
from slipway_local.deploy.stack_state import StackState


@dataclass(frozen=True, kw_only=True)
class StackRequest:
    """One deployment of one stack.

    `template` is text as submitted. `on_failure` is ROLLBACK, DELETE or DO_NOTHING, as CreateStack has it; an update
    rolls back unless it is DO_NOTHING. `settings` (tags, capabilities, description, roles) are kept and shown.
    """

    name: str
    template: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    on_failure: str = "ROLLBACK"
    of_assembly: bool = False


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A request that passed every check; `values` are the parameters' resolved values."""

    request: StackRequest
    template: Mapping[str, Any]
    state: StackState
    values: Mapping[str, Any]
    parameters: Mapping[str, str]
    planned: list[Planned]
    resolver: Resolver

    @property
    def fingerprint(self) -> str:
        """Return a digest of what an update compares: template, values of the parameters, tags."""
        parts = (self.request.template, sorted(self.values.items()), self.request.settings.get("Tags", []))
        return hashlib.sha256(repr(parts).encode()).hexdigest()
