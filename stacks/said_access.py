"""What a function is given that takes answers away which were made from a deleted document: where they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway_constructs.permissions import allow, allow_key

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

    from stacks.slipway_stack import SlipwayStack

CACHE_ACTIONS = ("dynamodb:Query", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem")
CONVERSATION_ACTIONS = ("dynamodb:Query", "dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem")


def said_variables(stack: SlipwayStack) -> dict[str, str]:
    """Return the variables that name the tables of answers, as the settings have them."""
    settings = stack.settings
    tables = {"CACHE_TABLE": (settings.cache.enabled, "cache")}
    tables["CONVERSATIONS_TABLE"] = (settings.conversations.enabled, "conversations")
    return {
        variable: stack.look_up("foundation", f"{name}-table-name")
        for variable, (is_on, name) in tables.items()
        if is_on
    }


def allow_unsaying(stack: SlipwayStack, role: iam.Role) -> None:
    """Let a role remove cached answers, and answers in conversations, as the settings have them."""
    settings, key = stack.settings, stack.key()
    if settings.cache.enabled:
        allow(role, CACHE_ACTIONS, [stack.table_arn("cache")])
    if settings.conversations.enabled:
        allow(role, CONVERSATION_ACTIONS, [stack.table_arn("conversations")])
    if settings.cache.enabled or settings.conversations.enabled:
        allow_key(role, key.key_arn if key else None)
