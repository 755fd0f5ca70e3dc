"""The rules between the settings of evaluations and others, each with its remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stacks.regions import profile_prefix
from stacks.settings_augmentation_rules import CAN_BE_MADE_TO_CALL
from stacks.settings_violation import Violation

if TYPE_CHECKING:
    from stacks.settings import Settings


def judge_violations(settings: Settings, judge: str, key: tuple[str, ...]) -> Iterator[Violation]:
    """Yield what keeps an alias of `models` from judging."""
    models = settings.models
    if judge not in models:
        yield Violation(
            key=key,
            expected=f"an alias of models: {', '.join(sorted(models))}",
            got=judge,
            remedy="Name one of these, or add the alias there.",
        )
        return
    model_id = models[judge].model_id
    prefix = profile_prefix(model_id)
    plain = model_id.removeprefix(f"{prefix}.") if prefix else model_id
    if not plain.startswith(CAN_BE_MADE_TO_CALL):
        yield Violation(
            key=key,
            expected="a model that can be made to call a tool: Anthropic Claude or Amazon Nova",
            got=f"{judge}, which is {model_id}",
            remedy="Add an alias with such a model to models, and name it here.",
        )


def _judge(settings: Settings) -> Iterator[Violation]:
    if settings.evaluation.judge is not None:
        yield from judge_violations(settings, settings.evaluation.judge, ("evaluation", "judge"))


RULES: tuple[Callable[[Settings], Iterator[Violation]], ...] = (_judge,)
