"""Which tables an environment has, by the names under which the foundation publishes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stacks.settings_duplicates import is_searched

if TYPE_CHECKING:
    from stacks.settings import Settings


def table_names(settings: Settings) -> list[str]:
    """Return the names in the order in which the foundation makes the tables."""
    ingestion = settings.ingestion
    optional = {
        "deployments": bool(settings.serving.follows),
        "labelling": settings.labelling.enabled,
        "prompts": settings.prompts.enabled,
        "meters": settings.metering.enabled,
        "tenants": settings.gateway.access.tenants,
        "conversations": settings.conversations.enabled,
        "cache": settings.cache.enabled,
        "approvals": settings.training.enabled,
        "duplicates": is_searched(ingestion.near_duplicates, ingestion.sources),
        "holds": ingestion.retention.legal_hold,
    }
    return ["documents", "rejects", "audit", *(name for name, is_on in optional.items() if is_on)]
