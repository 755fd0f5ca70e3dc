"""The settings of logs, alarms and the dashboard."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stacks.settings_section import Section

# What CloudWatch Logs accepts: PutRetentionPolicy, retentionInDays.
RetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]


class Observability(Section):
    """Logs, alarms and the dashboard."""

    log_retention_days: RetentionDays = Field(
        30, description="Days that logs are kept, one of the values CloudWatch Logs accepts."
    )
    alarm_email: str | None = Field(
        None, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", description="Address that alarms are mailed to, once confirmed."
    )
    alarms: Literal["all", "essential"] = Field(
        "all",
        description="`essential` leaves out functions that come near their timeout or are throttled; "
        "an alarm is $0.10 a month.",
    )
    dashboard: bool = Field(True, description="Create the dashboard; the first three of an account are free.")
