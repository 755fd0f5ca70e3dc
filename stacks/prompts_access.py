"""What a function is given that uses the catalogue of prompts: the variable, and the permissions to match."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam

from slipway_constructs.permissions import allow, allow_key
from stacks.embedding import allow_embedding

if TYPE_CHECKING:
    from stacks.slipway_stack import SlipwayStack

READ_ACTIONS = ("dynamodb:GetItem", "dynamodb:Query")
# Nothing is ever deleted: versions and the audit stay.
TABLE_ACTIONS = (*READ_ACTIONS, "dynamodb:ConditionCheckItem", "dynamodb:PutItem", "dynamodb:UpdateItem")

# CreatePrompt first: it alone names no resource.
MIRROR_ACTIONS = (
    "bedrock:CreatePrompt",
    *(f"bedrock:{call}" for call in ("CreatePromptVersion", "DeletePrompt", "ListPrompts", "UpdatePrompt")),
)


def prompt_variables(stack: SlipwayStack) -> dict[str, str]:
    """Return the variable that names the table, where the settings have prompts."""
    if not stack.settings.prompts.enabled:
        return {}
    return {"PROMPTS_TABLE": stack.look_up("foundation", "prompts-table-name")}


def allow_prompts(stack: SlipwayStack, role: iam.Role, *, embedding: bool = True) -> None:
    """Let a role use the catalogue, where the settings have it; with `embedding` also find examples by similarity."""
    if not stack.settings.prompts.enabled:
        return
    key = stack.key()
    allow(role, TABLE_ACTIONS, [stack.table_arn("prompts")])
    allow_key(role, key.key_arn if key else None)
    if embedding:
        allow_embedding(stack, role)
