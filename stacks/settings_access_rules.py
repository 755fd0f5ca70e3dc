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
