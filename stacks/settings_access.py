"""The settings of who may call the API."""

from __future__ import annotations

from pydantic import Field

from stacks.settings_section import Section


class Access(Section):
    """Who may call, beside the tenant of the environment's own key."""

    tenants: bool = Field(
        False, description="Keep keys of more tenants, hashed, in a table: `slipway tenants`. Idle it costs nothing."
    )
