"""The rules of the store `kendra`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stacks.settings_violation import Violation

if TYPE_CHECKING:
    from stacks.settings import Settings


def _closed(settings: Settings) -> Iterator[Violation]:
    retrieval = settings.retrieval
    if retrieval.store == "kendra" and not retrieval.kendra.existing_customer:
        yield Violation(
            key=("retrieval", "kendra", "existing_customer"),
            expected="true with store kendra, which AWS closed to new customers on 30 July 2026",
            got="false",
            remedy="Set it to true if the account used Kendra before (an index costs $810 a month and more), or "
            "choose the store aurora, opensearch or s3_vectors.",
        )


RULES: tuple[Callable[[Settings], Iterator[Violation]], ...] = (_closed,)
