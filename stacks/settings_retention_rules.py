"""The rules of cold storage: what S3 refuses, and what would cost more than it saves.

Source: Amazon S3 user guide, "Transitioning objects using Amazon S3 Lifecycle" (supported transitions, constraints,
minimum storage durations).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stacks.settings_violation import Violation

if TYPE_CHECKING:
    from stacks.settings import Settings
    from stacks.settings_retention import Transition

# The order in which S3 moves objects, and the days for which each class is charged at least.
MINIMUM_DAYS = {"STANDARD_IA": 30, "GLACIER_IR": 90, "GLACIER": 90, "DEEP_ARCHIVE": 180}
ORDER = list(MINIMUM_DAYS)
SECTION = ("ingestion", "retention", "rules")


def _prefixes(settings: Settings) -> Iterator[Violation]:
    prefixes = [rule.prefix for rule in settings.ingestion.retention.rules]
    for at, prefix in enumerate(prefixes):
        if prefix in prefixes[:at]:
            yield Violation(
                key=(*SECTION, at, "prefix"),
                expected="a prefix that no other rule has",
                got=prefix or "every key",
                remedy="Join the two rules: S3 would take the one that deletes first.",
            )


def _transitions(settings: Settings) -> Iterator[Violation]:
    ingestion = settings.ingestion
    for at, rule in enumerate(ingestion.retention.rules):
        lists: tuple[tuple[str, list[Transition], int | None], ...] = (
            ("originals", rule.originals, rule.expire_days),
            ("old_versions", rule.old_versions, ingestion.keep_versions_days),
        )
        for name, moves, end in lists:
            yield from _chain((*SECTION, at, name), moves)
            if moves and end is not None:
                yield from _end((*SECTION, at, name), moves[-1], end, name)


def _chain(key: tuple[str | int, ...], moves: list[Transition]) -> Iterator[Violation]:
    """Yield what is wrong with the order, and with a class that is left before its days are over."""
    for at, move in enumerate(moves):
        if move.storage_class == "STANDARD_IA" and move.after_days < 30:
            yield Violation(
                key=(*key, at, "after_days"),
                expected="30 or more for STANDARD_IA, as S3 demands",
                got=move.after_days,
                remedy="Wait 30 days, or take GLACIER_IR.",
            )
        if at == 0:
            continue
        before = moves[at - 1]
        least = before.after_days + MINIMUM_DAYS[before.storage_class]
        if ORDER.index(move.storage_class) <= ORDER.index(before.storage_class):
            yield Violation(
                key=(*key, at, "storage_class"),
                expected=f"a class colder than {before.storage_class}: S3 moves in the order {', '.join(ORDER)}",
                got=move.storage_class,
                remedy="Put the classes in this order, each once.",
            )
        elif move.after_days < least:
            yield Violation(
                key=(*key, at, "after_days"),
                expected=f"{least} or more, for {before.storage_class} is charged for "
                f"{MINIMUM_DAYS[before.storage_class]} days",
                got=move.after_days,
                remedy=f"Wait longer, or leave {before.storage_class} out.",
            )


def _end(key: tuple[str | int, ...], last: Transition, end: int, name: str) -> Iterator[Violation]:
    least = last.after_days + MINIMUM_DAYS[last.storage_class]
    if end < least:
        setting = "expire_days" if name == "originals" else "ingestion.keep_versions_days"
        yield Violation(
            key=(*key,),
            expected=f"{setting} of {least} or more, for {last.storage_class} is charged for "
            f"{MINIMUM_DAYS[last.storage_class]} days",
            got=end,
            remedy=f"Raise {setting}, or leave {last.storage_class} out.",
        )


RULES: tuple[Callable[[Settings], Iterator[Violation]], ...] = (_prefixes, _transitions)
