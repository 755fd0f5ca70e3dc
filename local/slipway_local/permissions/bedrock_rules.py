"""Bedrock: the model, the inference profile with the models behind it, the guardrail, and the key of a prompt.

Source: https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html,
https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html,
https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-management-prereq.html
"""

import re

from slipway_local.permissions.calls import Call
from slipway_local.permissions.decision import Need
from slipway_local.permissions.key_use import WRITE, key_needs

ACTIONS = {
    "Converse": "InvokeModel",
    "ConverseStream": "InvokeModelWithResponseStream",
    "InvokeModel": "InvokeModel",
    "InvokeModelWithBidirectionalStream": "InvokeModelWithResponseStream",
    "InvokeModelWithResponseStream": "InvokeModelWithResponseStream",
    "StartAsyncInvoke": "InvokeModel",
    "CountTokens": "CountTokens",
}
PROFILE = re.compile(r"^(us|eu|apac|us-gov|jp|au|ca|global)\.(.+)$")


def bedrock(call: Call) -> list[Need] | None:
    """Return what a call of a model needs; other calls follow the general rules."""
    if call.operation == "ApplyGuardrail":
        return [_guardrail(call, str(call.parameters.get("guardrailIdentifier")))]
    if call.operation in ("CreatePrompt", "UpdatePrompt"):
        return _prompt(call)
    if call.operation not in ACTIONS:
        return None
    action = f"bedrock:{ACTIONS[call.operation]}"
    configuration = call.parameters.get("guardrailConfig") or {}
    guardrail = configuration.get("guardrailIdentifier") or call.parameters.get("guardrailIdentifier")
    model = str(call.parameters.get("modelId"))
    guarded = {"bedrock:guardrailidentifier": [_guardrail(call, str(guardrail)).resource]} if guardrail else {}
    needs = [Need(action, arn, {**guarded, **context}) for arn, context in _models(call, model)]
    return [*needs, _guardrail(call, str(guardrail))] if guardrail else needs


def _models(call: Call, model: str) -> list[tuple[str, dict[str, list[str]]]]:
    """Return a model's ARN, or an inference profile's and those of its model, each with its condition keys."""
    name = model.rsplit(":inference-profile/", maxsplit=1)[-1]
    profile = PROFILE.match(name)
    if profile is None:
        return [(model if model.startswith("arn:") else _foundation(call, call.region, model), {})]
    arn = call.arn(f"inference-profile/{name}")
    within = {"bedrock:inferenceprofilearn": [arn]}
    needed = [(arn, {}), (_foundation(call, call.region, profile[2]), within)]
    if profile[1] == "global":
        needed.append((_foundation(call, "", profile[2]), {**within, "aws:requestedregion": ["unspecified"]}))
    return needed


def _foundation(call: Call, region: str, model: str) -> str:
    return f"arn:{call.partition}:bedrock:{region}::foundation-model/{model}"


def _guardrail(call: Call, identifier: str) -> Need:
    arn = identifier if identifier.startswith("arn:") else call.arn(f"guardrail/{identifier}")
    return Need("bedrock:ApplyGuardrail", arn)


def _prompt(call: Call) -> list[Need]:
    """Return what a prompt's creation or change needs: the first names no resource, either may name a key."""
    name = str(call.parameters.get("promptIdentifier", "")).rpartition("/")[2].partition(":")[0]
    resource = call.arn(f"prompt/{name}") if call.operation == "UpdatePrompt" else "*"
    keys = key_needs(call, call.parameters.get("customerEncryptionKeyArn"), WRITE)
    return [Need(f"bedrock:{call.operation}", resource), *keys]
