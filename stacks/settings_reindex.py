"""The settings of re-indexing."""

from __future__ import annotations

from pydantic import Field

from stacks.settings_section import Section


class Reindex(Section):
    """A new index beside the one that is searched, by `slipway reindex`. Off, it creates nothing."""

    enabled: bool = Field(False, description="Create the state machine; it costs nothing until a run is started.")
    max_concurrency: int = Field(
        4, ge=1, le=100, description="Batches of documents rebuilt at the same time; the model's quota is the limit."
    )
    usd_per_million_tokens: float | None = Field(
        None, gt=0, description="Price of a million tokens of the new model, for estimates; left open: only tokens."
    )
