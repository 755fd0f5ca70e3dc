"""What a function is given that remembers: conversations, the cache of answers, and the permissions to match."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam

from slipway_constructs.permissions import allow, allow_key
from stacks.said_access import CACHE_ACTIONS

if TYPE_CHECKING:
    from stacks.slipway_stack import SlipwayStack

READ_ACTIONS = ("dynamodb:GetItem", "dynamodb:Query")
DELETE_ACTIONS = (*READ_ACTIONS, "dynamodb:BatchWriteItem", "dynamodb:DeleteItem")
HOUR_SECONDS = 3600


def conversation_variables(stack: SlipwayStack) -> dict[str, str]:
    """Return the variables of a function that reads conversations, where the settings have them."""
    settings = stack.settings.conversations
    if not settings.enabled:
        return {}
    table = stack.look_up("foundation", "conversations-table-name")
    return {"CONVERSATIONS_TABLE": table, "CONVERSATIONS_KEEP_DAYS": str(settings.keep_days)}


def memory_variables(stack: SlipwayStack) -> dict[str, str]:
    """Return the variables of a function that answers: conversations, cache and compression, as the settings say."""
    settings, found = stack.settings, conversation_variables(stack)
    if found:
        found["CONVERSATIONS_MAX_TOKENS"] = str(settings.conversations.max_tokens)
        found["CONVERSATIONS_SUMMARY_ALIAS"] = settings.conversations.summary_alias
    if settings.cache.enabled:
        found["CACHE_TABLE"] = stack.look_up("foundation", "cache-table-name")
        found["CACHE_SECONDS"] = str(settings.cache.keep_hours * HOUR_SECONDS)
        # Where changes of documents are counted.
        found["DOCUMENTS_TABLE"] = stack.look_up("foundation", "documents-table-name")
        if settings.cache.threshold is not None:
            found["CACHE_THRESHOLD"] = str(settings.cache.threshold)
    if settings.answering.compress_to_tokens is not None:
        found["COMPRESS_TO_TOKENS"] = str(settings.answering.compress_to_tokens)
    return found


def allow_memory(stack: SlipwayStack, role: iam.Role) -> None:
    """Let a role go on with conversations and give answers again, where the settings have them."""
    settings, key = stack.settings, stack.key()
    if settings.conversations.enabled:
        allow(role, (*READ_ACTIONS, "dynamodb:PutItem", "dynamodb:UpdateItem"), [stack.table_arn("conversations")])
    if settings.cache.enabled:
        allow(role, (*READ_ACTIONS, "dynamodb:PutItem"), [stack.table_arn("cache")])
        allow(role, ["dynamodb:GetItem"], [stack.table_arn("documents")])
    if settings.conversations.enabled or settings.cache.enabled:
        allow_key(role, key.key_arn if key else None)


def erasing_variables(stack: SlipwayStack) -> dict[str, str]:
    """Return the variables of a function that deletes what a user has said."""
    found = conversation_variables(stack)
    if stack.settings.cache.enabled:
        found["CACHE_TABLE"] = stack.look_up("foundation", "cache-table-name")
    return found


def allow_erasing(stack: SlipwayStack, role: iam.Role) -> None:
    """Let a role read and delete conversations, and delete cached answers to their users."""
    key = stack.key()
    allow(role, DELETE_ACTIONS, [stack.table_arn("conversations")])
    if stack.settings.cache.enabled:
        allow(role, CACHE_ACTIONS, [stack.table_arn("cache")])
    allow_key(role, key.key_arn if key else None)
