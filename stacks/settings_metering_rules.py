"""The rules of meters, each with its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stacks.settings_violation import Violation

if TYPE_CHECKING:
    from stacks.settings import Settings


def _cheaper_alias(settings: Settings) -> Iterator[Violation]:
    budget = settings.metering.budget
    if budget.over == "cheaper" and budget.cheaper not in settings.models:
        yield Violation(
            key=("metering", "budget", "cheaper"),
            expected=f"an alias of models: {', '.join(sorted(settings.models))}",
            got=budget.cheaper or "nothing",
            remedy="Name the alias that answers once the budget is spent.",
        )


RULES = (_cheaper_alias,)
