"""The rules of conversations, each with its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stacks.settings_violation import Violation

if TYPE_CHECKING:
    from stacks.settings import Settings


def _summary_alias(settings: Settings) -> Iterator[Violation]:
    conversations = settings.conversations
    if conversations.enabled and conversations.summary_alias not in settings.models:
        yield Violation(
            key=("conversations", "summary_alias"),
            expected=f"an alias of models: {', '.join(sorted(settings.models))}",
            got=conversations.summary_alias,
            remedy="Name the alias that is to write summaries.",
        )


RULES = (_summary_alias,)
