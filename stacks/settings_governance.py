"""The settings of governance: what is recorded of whom, what watches the account, what money is watched."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stacks.settings_section import Section

Dollars = Annotated[float, Field(gt=0, le=10**9)]


class Governance(Section):
    """CloudTrail, security services and budgets of the account. What is off creates nothing."""

    trail: bool = Field(
        False,
        description="A trail of who read or changed models, prompts, approvals and the audit table (data events), and "
        "of changes in the account; $1 a million data events. Kept `trail_days`.",
    )
    trail_days: int = Field(400, ge=1, le=3653, description="Days that the trail's files are kept.")
    security_hub: bool = Field(
        False, description="Security Hub of the account and region, with its standards; about $0.001 a check."
    )
    guard_duty: bool = Field(
        False, description="GuardDuty of the account and region, with S3 protection; charged by events and data."
    )
    budget_dollars_per_month: Dollars | None = Field(
        None,
        description="AWS Budgets: tells the topic of alarms at 80 % of it, at all of it, and when it is forecast to be "
        "passed; the first two budgets of an account are free.",
    )
    anomaly_dollars: Dollars | None = Field(
        None, description="Cost Anomaly Detection: tells the topic of alarms of a jump by so much, daily; free."
    )

    @property
    def is_on(self) -> bool:
        """Whether there is anything to create."""
        return any((self.trail, self.security_hub, self.guard_duty, self.watches_money))

    @property
    def watches_money(self) -> bool:
        """Whether AWS's billing services tell of money."""
        return self.budget_dollars_per_month is not None or self.anomaly_dollars is not None
