"""The rules between the settings of access."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stacks.settings_violation import Violation

if TYPE_CHECKING:
    from stacks.settings import Settings


def violations(settings: Settings) -> Iterator[Violation]:
    """Yield what is wrong with who may call."""
    access = settings.gateway.access
    if access.cognito.enabled and not access.tenants:
        yield Violation(
            key=("gateway", "access", "tenants"),
            expected="true with cognito",
            got=False,
            remedy="Set gateway.access.tenants: true: the table says whose an app client is.",
        )
    section, private = ("gateway", "access", "private"), access.private
    if private.endpoint_ids and not private.enabled:
        yield Violation(
            key=(*section, "endpoint_ids"),
            expected="nothing with an API that is not private",
            got=private.endpoint_ids[0],
            remedy="Set gateway.access.private.enabled: true, or remove endpoint_ids.",
        )
    if private.enabled and not private.endpoint_ids and settings.network.mode != "create":
        yield Violation(
            key=(*section, "endpoint_ids"),
            expected=f"at least one endpoint with network mode {settings.network.mode}",
            got="none",
            remedy="Name endpoints of execute-api that exist, or set network.mode: create, which makes one.",
        )
