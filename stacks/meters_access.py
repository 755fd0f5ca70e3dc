"""What functions are given that meter: variables, and permissions to match."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from slipway_constructs.permissions import allow, allow_key

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

    from stacks.slipway_stack import SlipwayStack

# An entry is put once, sums and counters grow; what a tenant has spent of its budget is queried.
WRITE_ACTIONS = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem")
FEEDBACK_ACTIONS = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query")
ERASE_ACTIONS = ("dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:Query")
# Of the catalogue of prompts, to use it: vectors of examples are put when they are first needed.
USE_PROMPTS = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query")
COUNT_EXPERIMENTS = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")


def meter_variables(stack: SlipwayStack) -> dict[str, str]:
    """Return the variables of a function that meters, where the settings have it."""
    metering = stack.settings.metering
    if not metering.enabled:
        return {}
    rules = metering.model_dump(exclude={"enabled"}, exclude_none=True)
    return {
        "METERS_TABLE": stack.look_up("foundation", "meters-table-name"),
        "METERING": json.dumps(rules, separators=(",", ":"), sort_keys=True),
    }


def allow_meters(stack: SlipwayStack, role: iam.Role) -> None:
    """Let a role reserve, settle and record."""
    if stack.settings.metering.enabled:
        _allow(stack, role, "meters", WRITE_ACTIONS)


def allow_feedback(stack: SlipwayStack, role: iam.Role) -> None:
    """Let a role read the ledger, take feedback, and count it in experiments."""
    _allow(stack, role, "meters", FEEDBACK_ACTIONS)
    if stack.settings.prompts.enabled:
        _allow(stack, role, "prompts", COUNT_EXPERIMENTS)


def erasure_variables(stack: SlipwayStack) -> dict[str, str]:
    """Return the variable of a function that deletes what the meters keep of users, where the settings have them."""
    return {"METERS_TABLE": stack.look_up("foundation", "meters-table-name")} if stack.settings.metering.enabled else {}


def allow_erasure(stack: SlipwayStack, role: iam.Role) -> None:
    """Let a role delete what the meters keep of users' words."""
    if stack.settings.metering.enabled:
        _allow(stack, role, "meters", ERASE_ACTIONS)


def allow_named_prompts(stack: SlipwayStack, role: iam.Role) -> None:
    """Let a role use prompts by name, and change none."""
    if stack.settings.prompts.enabled:
        _allow(stack, role, "prompts", USE_PROMPTS)


def allow_keys(stack: SlipwayStack, role: iam.Role) -> None:
    """Let a role look up the keys of tenants."""
    if stack.settings.gateway.access.tenants:
        _allow(stack, role, "tenants", ("dynamodb:GetItem",))


def key_variables(stack: SlipwayStack) -> dict[str, str]:
    """Return the variable that names the table of tenants' keys, where the settings have it."""
    if not stack.settings.gateway.access.tenants:
        return {}
    return {"TENANTS_TABLE": stack.look_up("foundation", "tenants-table-name")}


def _allow(stack: SlipwayStack, role: iam.Role, table: str, actions: tuple[str, ...]) -> None:
    allow(role, actions, [stack.table_arn(table)])
    key = stack.key()
    allow_key(role, key.key_arn if key else None)
