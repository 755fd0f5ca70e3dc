"""Whether two generations hold the same documents, while documents come and go.

A document that is just being written is for a moment in one of them only, so that a difference counts only when it
stays the same from one look to the next.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.stores.contract import GenerationStore, StoreUnavailable

LOOKS = 4
BETWEEN_SECONDS = 3.0
NAMED = 5
# document id: chunks in the one and in the other
Difference = dict[str, tuple[int, int]]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What the last look found: documents and chunks of the one and of the other, and what differs."""

    documents: tuple[int, int]
    chunks: tuple[int, int]
    differing: Difference

    def told(self, one: str, other: str) -> str:
        """Return the difference in words, with the first documents by name."""
        named = [
            f"{document} has {here or 'no'} chunks in the first and {there or 'no'} in the second"
            for document, (here, there) in sorted(self.differing.items())[:NAMED]
        ]
        more = f"; and {len(self.differing) - NAMED} more" if len(self.differing) > NAMED else ""
        return (
            f"{one} has {self.documents[0]} documents with {self.chunks[0]} chunks, {other} {self.documents[1]} with "
            f"{self.chunks[1]}: {'; '.join(named)}{more}"
        )


def compare(
    one: GenerationStore,
    other: GenerationStore,
    deadline: Deadline,
    *,
    with_chunks: bool,
    sleep: Callable[[float], None] = time.sleep,
) -> Comparison:
    """Return what differs and stays so; `with_chunks` also where the number of a document's chunks differs.

    Raises: StoreUnavailable if what was written is not found before the deadline.
    """
    found = _look(one, other, deadline, with_chunks, sleep)
    for _ in range(LOOKS - 1):
        if not found.differing:
            break
        sleep(BETWEEN_SECONDS)
        before, found = found, _look(one, other, deadline, with_chunks, sleep)
        staying = {name: both for name, both in found.differing.items() if before.differing.get(name) == both}
        found = Comparison(documents=found.documents, chunks=found.chunks, differing=staying)
    return found


def _look(
    one: GenerationStore,
    other: GenerationStore,
    deadline: Deadline,
    with_chunks: bool,
    sleep: Callable[[float], None],
) -> Comparison:
    here, there = _inventory(one, deadline, sleep), _inventory(other, deadline, sleep)
    both = {name: (here.get(name, 0), there.get(name, 0)) for name in here.keys() | there.keys()}
    return Comparison(
        documents=(len(here), len(there)),
        chunks=(sum(here.values()), sum(there.values())),
        differing={name: (a, b) for name, (a, b) in both.items() if (a != b if with_chunks else not (a and b))},
    )


def _inventory(store: GenerationStore, deadline: Deadline, sleep: Callable[[float], None]) -> dict[str, int]:
    while True:
        try:
            return dict(store.inventory(deadline))
        except StoreUnavailable:
            # Of a store that refreshes: what was just written is found a minute later.
            if deadline.remaining_seconds <= BETWEEN_SECONDS:
                raise
            sleep(BETWEEN_SECONDS)
