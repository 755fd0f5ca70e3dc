"""The settings of conversations that the gateway remembers."""

from __future__ import annotations

from pydantic import Field

from stacks.settings_section import Section


class Conversations(Section):
    """Conversations that a request names and goes on with. Idle they cost nothing."""

    enabled: bool = Field(False, description="Make the table, and `/v1/conversations` of the gateway.")
    keep_days: int = Field(30, ge=1, le=3650, description="Days after its last turn that a conversation expires.")
    max_tokens: int = Field(
        3000,
        ge=200,
        le=100000,
        description="Most tokens of earlier turns that a model is told; beyond it they are summarised.",
    )
    summary_alias: str = Field("fast", description="Alias of `models` that writes summaries.")
