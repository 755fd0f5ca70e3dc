"""The settings of labelling by people."""

from __future__ import annotations

from pydantic import Field

from stacks.settings_section import Section


class Labelling(Section):
    """Labels from people: jobs, an API to work on them, results for training sets. Idle it costs nothing."""

    enabled: bool = Field(False, description="Make the table, the state machine, and `/v1/labelling` of the gateway.")
    lease_minutes: int = Field(
        30, ge=1, le=1440, description="Minutes that an item is one person's alone; they may ask for less."
    )
    max_items: int = Field(10_000, ge=1, le=100_000, description="Most items of a job.")
    ground_truth: bool = Field(
        False,
        description="Give jobs to SageMaker Ground Truth instead, which AWS closed to new customers in 2026.",
    )
    workteam_arn: str | None = Field(
        None,
        pattern=r"^arn:[a-z-]+:sagemaker:[a-z0-9-]+:[0-9]{12}:workteam/[A-Za-z0-9/_-]+$",
        description="ARN of the private work team that Ground Truth asks; for `ground_truth: true` only.",
    )
