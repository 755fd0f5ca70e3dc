"""The settings of training sets."""

from __future__ import annotations

from pydantic import Field

from stacks.settings_section import Section


class Datasets(Section):
    """Training sets from curated documents, examples and feedback: `slipway dataset build`."""

    enabled: bool = Field(False, description="Make the state machine that builds training sets; idle it costs nothing.")
    max_concurrency: int = Field(
        10, ge=1, le=1000, description="Shards of a build (500 documents, or 32 MB of lines) worked on at a time."
    )
