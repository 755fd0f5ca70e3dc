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
    """A session of a role: `arn` is `arn:aws:sts::…:assumed-role/ROLE/SESSION`; `function_arn` that of a function.

    Units: `issued_at` is the time of its credentials in seconds since 1970, None for those just made.
    """

    role_arn: str
    arn: str
    account: str
    function_arn: str = ""
    issued_at: float | None = None

    @property
    def label(self) -> str:
        """Return what the report lists it under."""
        return self.role_arn

    def named_by(self, names: Mapping[str, tuple[str, ...]]) -> Naming | None:
        """Return whether a Principal element names this session or role, or only its account, or neither."""
        if "*" in names or {"*", self.role_arn, self.arn} & set(names.get("AWS", ())):
            return "direct"
        return "account" if self._account_names & set(names.get("AWS", ())) else None

    def spared_by(self, names: Mapping[str, tuple[str, ...]]) -> bool:
        """Return whether a NotPrincipal element leaves this session out: it has to name the account and the role.

        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
        """
        listed = set(names.get("AWS", ()))
        everybody = "*" in names or "*" in listed
        return everybody or (self.named_by(names) == "direct" and bool(self._account_names & listed))

    @property
    def _account_names(self) -> set[str]:
        return {self.account, f"{':'.join(self.role_arn.split(':')[:2])}:iam::{self.account}:root"}


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

    def spared_by(self, names: Mapping[str, tuple[str, ...]]) -> bool:
        """Return whether a NotPrincipal element leaves this service out."""
        return self.named_by(names) is not None


Caller = RoleSession | ServicePrincipal


def naming(statement: Statement, caller: Caller, *, bounded: bool) -> Naming | None:
    """Return how a statement of a resource policy names the caller, None if it does not.

    `bounded`: the caller's role has a permissions boundary, so that no NotPrincipal leaves it out.
    """
    if statement.principal is not None:
        return caller.named_by(statement.principal)
    if statement.not_principal is not None:
        return "direct" if bounded or not caller.spared_by(statement.not_principal) else None
    return None
