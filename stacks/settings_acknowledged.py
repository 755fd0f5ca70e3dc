"""Changes of stateful resources that somebody wants: `slipway upgrade-check` lets these pass, and no others."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stacks.settings_section import Section

EffectOnData = Literal["replacement", "possible replacement", "logical id change", "deletion"]


class AcknowledgedChange(Section):
    """One change that may lose data, with the reason why that is right. Remove it once it is deployed."""

    resource: str = Field(
        pattern=r"^[a-z0-9-]+/[A-Za-z0-9]+$",
        description="Stack and logical id, as upgrade-check prints them, like foundation/Documents7E5B2978.",
    )
    effect: EffectOnData = Field(description="What happens to it, as upgrade-check prints it.")
    reason: str = Field(min_length=10, description="Why what it holds may go, or where it has been saved.")
    date: str = Field(
        pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
        description='The day it was decided, in quotes, like "2026-11-21".',
    )
