"""The rules of prompts, each with its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stacks.settings_violation import Violation

if TYPE_CHECKING:
    from stacks.settings import Settings


def _mirror(settings: Settings) -> Iterator[Violation]:
    if settings.prompts.mirror and not settings.prompts.enabled:
        yield Violation(
            key=("prompts", "mirror"),
            expected="false without prompts.enabled",
            got="true",
            remedy="Set prompts.enabled: true, or leave the mirror out.",
        )


RULES = (_mirror,)
