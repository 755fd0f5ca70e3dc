"""Allowed or denied: an explicit deny anywhere, then the resource's policy, the role's policies, the boundary.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from slipway_local.permissions.patterns import Context
from slipway_local.permissions.policy import Statement
from slipway_local.permissions.principals import Caller, ServicePrincipal, naming

# What only its own policy opens: the caller's policies alone are not enough.
# Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html and
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html
OWN_POLICY_DECIDES = ("kms:", "sts:assumerole")


@dataclass(frozen=True)
class Need:
    """One action on one resource that a call needs, with the condition keys that only this need has."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Policies:
    """All that is evaluated for one need; identity policies by name, `boundary` None where the role has none."""

    identity: Sequence[tuple[str, tuple[Statement, ...]]] = ()
    boundary: tuple[Statement, ...] | None = None
    resource: tuple[Statement, ...] | None = None


Used = Callable[[str, Statement, str, str], None]  # policy's name, statement, action and resource as it writes them


def decide(caller: Caller, need: Need, policies: Policies, context: Context, used: Used) -> str | None:
    """Return None if the need is allowed, else the end of AWS's message, from `because` or `with` on.

    `used` is told each statement of an identity policy that speaks of the need.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    by_identity = _identity_verdict(need, policies.identity, context, used)
    by_resource = _resource_verdict(caller, need, policies, context)
    by_boundary = _boundary_verdict(need, policies.boundary, context)
    for verdict, kind in (
        (by_identity, "an identity-based policy"),
        (by_resource, "a resource-based policy"),
        (by_boundary, "a permissions boundary"),
    ):
        if verdict == "deny":
            return f"with an explicit deny in {kind}"
    silent = None
    if need.action.lower().startswith(OWN_POLICY_DECIDES) and by_resource is None:
        silent = "resource-based policy"
    elif by_resource != "direct" and by_identity is None:
        silent = "resource-based policy" if isinstance(caller, ServicePrincipal) else "identity-based policy"
    elif by_boundary is None:
        silent = "permissions boundary"
    return f"because no {silent} allows the {need.action} action" if silent else None


def _identity_verdict(
    need: Need, policies: Sequence[tuple[str, tuple[Statement, ...]]], context: Context, used: Used
) -> str | None:
    verdict: str | None = None
    for name, statement in ((name, one) for name, statements in policies for one in statements):
        found = statement.match(need.action, need.resource, context)
        if found is None:
            continue
        used(name, statement, *found)
        if not statement.allows:
            return "deny"
        verdict = "allow"
    return verdict


def _resource_verdict(caller: Caller, need: Need, policies: Policies, context: Context) -> str | None:
    """Return `deny`, `direct` for an Allow that names the caller, `account` for one that names its account, or None."""
    verdict: str | None = None
    for statement in policies.resource or ():
        named = naming(statement, caller, bounded=policies.boundary is not None)
        if named is None or statement.match(need.action, need.resource, context) is None:
            continue
        if not statement.allows:
            return "deny"
        verdict = "direct" if "direct" in (named, verdict) else "account"
    return verdict


def _boundary_verdict(need: Need, boundary: tuple[Statement, ...] | None, context: Context) -> str | None:
    if boundary is None:
        return "allow"
    effects = [one.allows for one in boundary if one.match(need.action, need.resource, context)]
    return "deny" if not all(effects) else "allow" if effects else None
