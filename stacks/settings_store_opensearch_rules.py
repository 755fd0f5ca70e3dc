"""The rules of the store `opensearch`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stacks.settings_violation import Violation

if TYPE_CHECKING:
    from stacks.settings import Settings


def _graph(settings: Settings) -> Iterator[Violation]:
    opensearch = settings.retrieval.opensearch
    if opensearch.ef_construction < opensearch.m:
        yield Violation(
            key=("retrieval", "opensearch", "ef_construction"),
            expected=f"at least m, which is {opensearch.m}",
            got=opensearch.ef_construction,
            remedy="Raise ef_construction or lower m.",
        )


RULES: tuple[Callable[[Settings], Iterator[Violation]], ...] = (_graph,)
