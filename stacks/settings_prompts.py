"""The settings of the catalogue of prompts."""

from __future__ import annotations

from pydantic import Field

from stacks.settings_section import Section


class Prompts(Section):
    """Prompts with versions, labels and experiments, by name in requests. Idle it costs nothing."""

    enabled: bool = Field(
        False, description="Make the table, `/v1/prompts` of the gateway, and what judges experiments."
    )
    mirror: bool = Field(
        False, description="Keep a copy of each version in Bedrock Prompt Management; needs `enabled`. Idle it is free."
    )
