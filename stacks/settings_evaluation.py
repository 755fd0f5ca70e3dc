"""The settings of evaluations: whether there is a state machine for them, and who judges."""

from __future__ import annotations

from pydantic import Field

from stacks.settings_section import Section


class Evaluation(Section):
    """Evaluations of search and answers, started by `slipway rag-eval`. Off, it creates nothing."""

    enabled: bool = Field(False, description="Create the state machine; it costs nothing until a run is started.")
    judge: str | None = Field(
        None,
        description="Alias of `models` that judges whether answers are faithful, a Claude or Nova model; left "
        "open: nothing is judged. Better another one than what answers.",
    )
    max_concurrency: int = Field(5, ge=1, le=40, description="Questions worked on at the same time.")
