"""The settings of drift detection."""

from __future__ import annotations

from pydantic import Field

from stacks.settings_section import Section


class Drift(Section):
    """A nightly comparison of every resource with its template, by CloudFormation. Off, it creates nothing."""

    enabled: bool = Field(False, description="Create the state machine and its schedule; a run costs under a cent.")
    hour: int = Field(4, ge=0, le=23, description="Hour of the day, in UTC.")
