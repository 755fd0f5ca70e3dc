"""Permission to call the routes of the models: exactly the models, endpoints and secrets that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway_constructs.permissions import allow
from stacks.bedrock import INVOKE, INVOKE_STREAM, allow_models

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

    from stacks.settings_models import Route
    from stacks.slipway_stack import SlipwayStack

ROUTES = "routes"
ENDPOINT_ACTIONS = ("sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointWithResponseStream")


def all_routes(stack: SlipwayStack) -> list[Route]:
    """Return every route of every alias."""
    return [route for model in stack.settings.models.values() for route in model.all_routes]


def allow_routes(stack: SlipwayStack, role: iam.Role, *, streamed: bool) -> None:
    """Let a role call every route; `streamed`: also in parts."""
    routes = all_routes(stack)
    models = [route.bedrock for route in routes if route.bedrock]
    if models:
        allow_models(role, models, (INVOKE, INVOKE_STREAM) if streamed else (INVOKE,))
    if arns := sorted({arn for route in routes for arn in _endpoints(stack, route)}):
        allow(role, ENDPOINT_ACTIONS if streamed else ENDPOINT_ACTIONS[:1], arns)
    if secrets := sorted({route.openai.key_secret_arn for route in routes if route.openai} - {""}):
        allow(role, ["secretsmanager:GetSecretValue"], secrets)


def _endpoints(stack: SlipwayStack, route: Route) -> list[str]:
    """Return the ARNs of an endpoint, which are in lower case, and of its component.

    Source: Service Authorization Reference, "Amazon SageMaker".
    """
    place = route.sagemaker
    if place is None:
        return []
    found = [stack.format_arn(service="sagemaker", resource="endpoint", resource_name=place.endpoint.lower())]
    if place.component:
        name = place.component.lower()
        found.append(stack.format_arn(service="sagemaker", resource="inference-component", resource_name=name))
    return found
