"""Puts the guard together from the environment, as `parts` does with all others."""

from __future__ import annotations

import functools

from slipway_runtime import settings
from slipway_runtime.generate.guard.bedrock_guardrail import BedrockGuardrail
from slipway_runtime.generate.guard.screen import Screen
from slipway_runtime.generate.guard.step import Guard
from slipway_runtime.generate.guard.stored_policies import StoredPolicies
from slipway_runtime.operate.clients import client


@functools.cache
def policies() -> StoredPolicies:
    """Return the policies of this environment and its tenants."""
    return StoredPolicies(ssm=client("ssm"), name=settings.required("GUARD_PARAMETER"))


def guard() -> Guard:
    """Return the step that guards an exchange."""
    identifier, bedrock = settings.optional("GUARDRAIL_ID"), None
    if identifier:
        version = settings.required("GUARDRAIL_VERSION")
        bedrock = BedrockGuardrail(client=client("bedrock-runtime"), identifier=identifier, version=version)
    return Guard(policy=policies().of, bedrock=bedrock)


def screen() -> Screen:
    """Return what reads retrieved documents before a model does."""
    return Screen(policies().of)
