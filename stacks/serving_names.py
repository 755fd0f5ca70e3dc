"""What endpoints are called in SageMaker."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stacks.settings_serving import Endpoint


def full_name(environment_name: str, endpoint: Endpoint) -> str:
    """Return the name of an endpoint, and of its inference component, in SageMaker."""
    return f"slipway-{environment_name}-{endpoint.name}"
