"""Policies where they are kept: one SSM parameter for the environment, and one for each tenant that differs.

SSM numbers the versions of a parameter and keeps the last hundred, and CloudTrail says who wrote one. Source: AWS
Systems Manager user guide, "Working with parameter versions".
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from slipway_runtime.generate.guard.policy import Policy, merged, read
from slipway_runtime.generate.guard.visible import failed

FRESH_SECONDS = 60.0
MAX_TENANTS = 10_000
TENANTS = "tenants"


@dataclass(kw_only=True)
class StoredPolicies:
    """The parameter `name` and those below `<name>/tenants/`; `ssm` is boto3's client. What cannot be read is kept."""

    ssm: Any
    name: str
    now: Callable[[], float] = time.monotonic
    _known: dict[str, tuple[float, Policy]] = field(default_factory=dict, init=False)

    def of(self, tenant: str) -> Policy:
        """Return a tenant's policy. Raises: the error of SSM, or of a policy that cannot be read, without an older."""
        known = self._known.get(tenant)
        if known and self.now() - known[0] <= FRESH_SECONDS:
            return known[1]
        try:
            policy = self._read(tenant)
        except Exception as error:
            if known is None:
                raise
            failed("the policy of the guard could not be read again", error)
            policy = known[1]
        if len(self._known) >= MAX_TENANTS:
            self._known.clear()
        self._known[tenant] = (self.now(), policy)
        return policy

    def _read(self, tenant: str) -> Policy:
        names = [self.name, f"{self.name}/{TENANTS}/{tenant}"]
        found = {each["Name"]: each for each in self.ssm.get_parameters(Names=names)["Parameters"]}
        own = found.get(names[0])
        if own is None:
            raise LookupError(f"there is no parameter {names[0]}; deploy the gateway")
        policy, version = read(own["Value"]), str(own["Version"])
        if differs := found.get(names[1]):
            policy, version = merged(policy, differs["Value"]), f"{version}+{tenant}.{differs['Version']}"
        return msgspec.structs.replace(policy, version=version)
