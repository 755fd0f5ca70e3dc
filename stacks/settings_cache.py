"""The settings of the cache of answers."""

from __future__ import annotations

from pydantic import Field

from stacks.settings_section import Section


class Cache(Section):
    """Answers that are given again to the same question. Idle it costs nothing."""

    enabled: bool = Field(False, description="Make the table, and give answers again.")
    keep_hours: int = Field(24, ge=1, le=720, description="Hours that an answer is given again.")
    threshold: float | None = Field(
        None,
        ge=0.5,
        le=1,
        description="Least cosine similarity, 0.5 to 1, of questions that share an answer; left open: only the same "
        "question. It belongs to the embedding model: `benchmarks/cache.py` finds it.",
    )
