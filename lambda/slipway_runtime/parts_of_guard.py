"""Puts the guard together from the environment, as `parts` does with all others."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from slipway_runtime import settings
from slipway_runtime.generate.exchange import Step
from slipway_runtime.generate.guard.policy import Screened
from slipway_runtime.operate.clients import client

if TYPE_CHECKING:
    from collections.abc import Callable

    from slipway_runtime.generate.guard.stored_policies import StoredPolicies
    from slipway_runtime.retrieve.stores.contract import Hit


@functools.cache
def policies() -> StoredPolicies:
    """Return the policies of this environment and its tenants."""
    from slipway_runtime.generate.guard.stored_policies import StoredPolicies  # noqa: PLC0415 - only where it is on

    return StoredPolicies(ssm=client("ssm"), name=settings.required("GUARD_PARAMETER"))


def guard() -> dict[str, Step]:
    """Return the steps that guard an exchange, where the settings have them."""
    if not settings.optional("GUARD_PARAMETER"):
        return {}
    from slipway_runtime.generate.guard.bedrock_guardrail import BedrockGuardrail  # noqa: PLC0415
    from slipway_runtime.generate.guard.step import Guard  # noqa: PLC0415

    identifier, bedrock = settings.optional("GUARDRAIL_ID"), None
    if identifier:
        version = settings.required("GUARDRAIL_VERSION")
        bedrock = BedrockGuardrail(client=client("bedrock-runtime"), identifier=identifier, version=version)
    made = Guard(policy=policies().of, bedrock=bedrock)
    return {"guard": made.request, "guard_answer": made.answer}


def screen() -> Callable[[str, list[Hit]], Screened]:
    """Return what reads retrieved documents before a model does."""
    if not settings.optional("GUARD_PARAMETER"):
        return Screened.all_of
    from slipway_runtime.generate.guard.screen import Screen  # noqa: PLC0415

    return Screen(policies().of)
