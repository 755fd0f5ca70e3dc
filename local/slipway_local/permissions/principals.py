"""Who calls: a session of a role or an AWS service, and whether a resource policy names them.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from slipway_local.permissions.policy import Statement

Naming = Literal["direct", "account"]


@dataclass(frozen=True, kw_only=True)
class RoleSession:
    """A session of a role: `arn` is `arn:aws:sts::…:assumed-role/ROLE/SESSION`; `function_arn` that of a function."""

    role_arn: str
    arn: str
    account: str
    function_arn: str = ""

    @property
    def label(self) -> str:
        """Return what the report lists it under."""
        return self.role_arn

    def named_by(self, names: Mapping[str, tuple[str, ...]]) -> Naming | None:
        """Return whether a Principal element names this session or role, or only its account, or neither."""
        if "*" in names or {"*", self.role_arn, self.arn} & set(names.get("AWS", ())):
            return "direct"
        root = f"{':'.join(self.role_arn.split(':')[:2])}:iam::{self.account}:root"
        return "account" if {self.account, root} & set(names.get("AWS", ())) else None


@dataclass(frozen=True, kw_only=True)
class ServicePrincipal:
    """An AWS service that acts by its own name, such as `events.amazonaws.com`."""

    arn: str
    account: str

    @property
    def label(self) -> str:
        """Return what the report lists it under."""
        return self.arn

    def named_by(self, names: Mapping[str, tuple[str, ...]]) -> Naming | None:
        """Return whether a Principal element names this service."""
        return "direct" if "*" in names or self.arn in names.get("Service", ()) else None


Caller = RoleSession | ServicePrincipal


def naming(statement: Statement, caller: Caller) -> Naming | None:
    """Return how a statement of a resource policy names the caller, None if it does not."""
    if statement.principal is not None:
        return caller.named_by(statement.principal)
    if statement.not_principal is not None:
        return None if caller.named_by(statement.not_principal) else "direct"
    return None
