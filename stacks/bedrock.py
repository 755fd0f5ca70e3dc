"""Permission to call Bedrock's models, by model id or by inference profile."""

from collections.abc import Iterable, Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from slipway_constructs.permissions import allow
from stacks.regions import profile_prefix

INVOKE, INVOKE_STREAM = "bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"
ROUTING_REASON = (
    "A cross-region inference profile sends a request to whichever of its regions has capacity, and needs the model in "
    "each of them; the set of regions is AWS's and changes. The wildcard stands for the region of this one model."
)


def allow_models(role: iam.Role, model_ids: Iterable[str], actions: Sequence[str] = (INVOKE,)) -> None:
    """Let a role invoke models. An inference profile is allowed in this account, and its model in any region.

    Source: Amazon Bedrock user guide, "Prerequisites for inference profiles".
    """
    stack = cdk.Stack.of(role)
    resources: set[str] = set()
    for model_id in sorted(set(model_ids)):
        prefix = profile_prefix(model_id)
        plain = model_id.removeprefix(f"{prefix}.") if prefix else model_id
        region = "*" if prefix else stack.region
        resources.add(_arn(stack, "foundation-model", plain, region=region, account=""))
        if prefix:
            resources.add(_arn(stack, "inference-profile", model_id, region=stack.region, account=stack.account))
    allow(role, actions, sorted(resources), wildcard_reason=ROUTING_REASON)


def _arn(stack: cdk.Stack, resource: str, name: str, *, region: str, account: str) -> str:
    return stack.format_arn(service="bedrock", region=region, account=account, resource=resource, resource_name=name)
