"""The settings of AWS Backup, and their rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from stacks.settings_section import Section
from stacks.settings_violation import Violation

if TYPE_CHECKING:
    from stacks.settings import Settings

CONTINUOUS_DAYS = (
    35  # AWS Backup developer guide, "Point-in-time recovery": continuous backups are kept so long at most
)


class Backup(Section):
    """A vault and a nightly plan of AWS Backup for buckets, tables and the Aurora cluster. Off, it creates nothing."""

    enabled: bool = Field(False, description="Create them; charged for what they keep.")
    keep_days: int = Field(35, ge=7, le=3650, description="Days that a nightly backup is kept.")
    continuous: bool = Field(
        True, description="Also continuous backups of buckets and the cluster, to any second of the last 35 days."
    )
    lock: Literal["none", "governance", "compliance"] = Field(
        "none",
        description="Who may shorten retention: `governance`, who may change the vault's lock; `compliance`, nobody, "
        "ever, three days after the deployment, not even AWS.",
    )


def _lock(settings: Settings) -> Iterator[Violation]:
    if settings.backup.enabled and settings.backup.lock == "compliance" and settings.removal == "destroy":
        yield Violation(
            key=("backup", "lock"),
            expected="none or governance with removal: destroy",
            got="compliance",
            remedy="Such a vault can never be deleted before its backups end: set removal: retain, or another lock.",
        )


RULES: tuple[Callable[[Settings], Iterator[Violation]], ...] = (_lock,)
