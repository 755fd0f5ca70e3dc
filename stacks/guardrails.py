"""The guard of the gateway: its policy by SSM, and a guardrail of Bedrock where the settings have one."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from aws_cdk import aws_bedrock as bedrock

from slipway_constructs.permissions import allow, allow_key
from stacks.names import parameter_name
from stacks.settings_guardrails import HARM, policy_document

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

    from stacks.settings_guardrails import BedrockGuardrails
    from stacks.slipway_stack import SlipwayStack

POLICY = "guard"
TENANTS_REASON = "A tenant's differences are a parameter below this one; new tenants need no deployment."
STOPPED = "This was stopped by the guard."


def guard_variables(stack: SlipwayStack) -> dict[str, str]:
    """Return the variable that names the policy, where the guard is on."""
    on = stack.settings.guardrails.enabled
    return {"GUARD_PARAMETER": parameter_name(stack.environment_name, "gateway", POLICY)} if on else {}


def guard_names(stack: SlipwayStack) -> dict[str, str]:
    """Return what the stack publishes: the policy, which makes the parameter."""
    guardrails = stack.settings.guardrails
    return {POLICY: policy_document(guardrails)} if guardrails.enabled else {}


def allow_guard(stack: SlipwayStack, role: iam.Role) -> None:
    """Let a role read the policies."""
    if not stack.settings.guardrails.enabled:
        return
    name = parameter_name(stack.environment_name, "gateway", POLICY).removeprefix("/")
    arns = [
        stack.format_arn(service="ssm", resource="parameter", resource_name=each)
        for each in (name, f"{name}/tenants/*")
    ]
    allow(role, ["ssm:GetParameters"], arns, wildcard_reason=TENANTS_REASON)


def guardrail(stack: SlipwayStack, role: iam.Role) -> dict[str, str]:
    """Make the guardrail and a version of it, let a role apply it, and return the variables that name it."""
    settings = stack.settings.guardrails.bedrock
    if not (stack.settings.guardrails.enabled and settings.enabled):
        return {}
    key = stack.key()
    made = bedrock.CfnGuardrail(
        stack,
        "Guardrail",
        name=f"slipway-{stack.environment_name}",
        blocked_input_messaging=STOPPED,
        blocked_outputs_messaging=STOPPED,
        kms_key_arn=key.key_arn if key else None,
        content_policy_config=_contents(settings),
        topic_policy_config=_topics(settings),
        contextual_grounding_policy_config=_grounding(settings),
    )
    # A version is a copy: its description changes with the settings, so that a change of them makes another.
    version = bedrock.CfnGuardrailVersion(
        stack, "GuardrailVersion", guardrail_identifier=made.attr_guardrail_id, description=_fingerprint(settings)
    )
    allow(role, ["bedrock:ApplyGuardrail"], [made.attr_guardrail_arn])
    allow_key(role, key.key_arn if key else None)
    return {"GUARDRAIL_ID": made.attr_guardrail_id, "GUARDRAIL_VERSION": version.attr_version}


def _contents(settings: BedrockGuardrails) -> bedrock.CfnGuardrail.ContentPolicyConfigProperty:
    filters = [(kind, settings.strength, settings.strength) for kind in HARM]
    filters.append(("PROMPT_ATTACK", settings.attacks, "NONE"))
    return bedrock.CfnGuardrail.ContentPolicyConfigProperty(
        filters_config=[
            bedrock.CfnGuardrail.ContentFilterConfigProperty(type=kind, input_strength=read, output_strength=written)
            for kind, read, written in filters
        ]
    )


def _topics(settings: BedrockGuardrails) -> bedrock.CfnGuardrail.TopicPolicyConfigProperty | None:
    if not settings.topics:
        return None
    return bedrock.CfnGuardrail.TopicPolicyConfigProperty(
        topics_config=[
            bedrock.CfnGuardrail.TopicConfigProperty(
                name=topic.name, definition=topic.definition, examples=topic.examples or None, type="DENY"
            )
            for topic in settings.topics
        ]
    )


def _grounding(settings: BedrockGuardrails) -> bedrock.CfnGuardrail.ContextualGroundingPolicyConfigProperty | None:
    if not settings.grounding:
        return None
    return bedrock.CfnGuardrail.ContextualGroundingPolicyConfigProperty(
        filters_config=[
            bedrock.CfnGuardrail.ContextualGroundingFilterConfigProperty(type="GROUNDING", threshold=settings.grounding)
        ]
    )


def _fingerprint(settings: BedrockGuardrails) -> str:
    return hashlib.sha256(settings.model_dump_json().encode()).hexdigest()[:16]
