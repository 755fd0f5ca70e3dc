"""The rows of dashboards that belong to no single part: models, cost, quality, tenants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway_constructs.model_monitor import ModelMonitor
from slipway_constructs.quality_monitor import QualityMonitor
from slipway_constructs.usage_monitor import CostMonitor, TenantMonitor

if TYPE_CHECKING:
    from slipway_constructs.monitoring import Monitor
    from stacks.settings import Settings
    from stacks.settings_observability import Board
    from stacks.slipway_stack import SlipwayStack


def overviews(stack: SlipwayStack, topic_arn: str) -> list[tuple[Board, Monitor]]:
    """Return the monitors of what the environment has, each with the dashboard that it leads."""
    settings, environment = stack.settings, stack.environment_name
    quality = QualityMonitor(
        stack, "QualityOverview", topic_arn=topic_arn, environment=environment, prompts=settings.prompts.enabled
    )
    found: list[tuple[Board, Monitor]] = [("quality", quality)]
    if model_ids := bedrock_models(settings):
        models = ModelMonitor(stack, "ModelsOverview", topic_arn=topic_arn, model_ids=model_ids)
        found.append(("endpoints", models))
    if settings.metering.enabled:
        cost = CostMonitor(stack, "CostOverview", topic_arn=topic_arn, environment=environment)
        tenants = TenantMonitor(stack, "TenantOverview", topic_arn=topic_arn, environment=environment)
        found += [("cost", cost), ("tenant", tenants)]
    return found


def bedrock_models(settings: Settings) -> list[str]:
    """Return the ids of Bedrock's models, or of inference profiles, that the environment calls."""
    routes = [route.bedrock for model in settings.models.values() for route in model.all_routes]
    return sorted({route for route in routes if route} | {settings.retrieval.embedding.model_id})
