"""The settings of logs, alarms and the dashboard."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field

from stacks.settings_section import Section

# What CloudWatch Logs accepts: PutRetentionPolicy, retentionInDays.
RetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
Board = Literal["platform", "retrieval", "endpoints", "training", "cost", "quality", "tenant"]
BOARDS: tuple[Board, ...] = get_args(Board)


class Observability(Section):
    """Logs, alarms and dashboards."""

    log_retention_days: RetentionDays = Field(
        30, description="Days that logs are kept, one of the values CloudWatch Logs accepts."
    )
    alarm_email: str | None = Field(
        None, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", description="Address that alarms are mailed to, once confirmed."
    )
    alarms: Literal["all", "essential"] = Field(
        "all",
        description="`all`: an alarm is mailed for each feature that is hurt, the single ones go to a topic of their "
        "own; `essential` has no such summary, and leaves out functions that come near their timeout or are throttled. "
        "An alarm is $0.10 a month, a summary $0.50.",
    )
    dashboards: list[Board] = Field(
        default_factory=lambda: list(BOARDS),
        description="Dashboards to create, of what the environment has; $3 a month each after the first three of an "
        "account.",
    )
