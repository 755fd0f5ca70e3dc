"""The rules between the settings of labelling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stacks.settings_violation import Violation

if TYPE_CHECKING:
    from stacks.settings import Settings


def violations(settings: Settings) -> Iterator[Violation]:
    """Yield what is wrong with Ground Truth's settings."""
    labelling = settings.labelling
    if labelling.ground_truth and not labelling.enabled:
        yield Violation(
            key=("labelling", "ground_truth"),
            expected="false while labelling is off",
            got=True,
            remedy="Set labelling.enabled: true, or remove ground_truth.",
        )
    if labelling.ground_truth != (labelling.workteam_arn is not None):
        yield Violation(
            key=("labelling", "workteam_arn"),
            expected="a work team with ground_truth: true, and nothing without",
            got=labelling.workteam_arn,
            remedy="Name the ARN of a private work team that your account has, or leave Ground Truth off.",
        )
