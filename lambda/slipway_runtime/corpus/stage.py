"""The first half of a run: objects are curated, part by part, each part on its own."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slipway_runtime.corpus.outcome import DOCUMENT_SECONDS, Kept, Passed, Reject, outcome_of
from slipway_runtime.corpus.part import Index, Staged, part_of
from slipway_runtime.corpus.sources import Sources
from slipway_runtime.corpus.storage import Storage
from slipway_runtime.operate.retry import Deadline


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What curates the objects of `raw` that have at most `max_document_bytes`, each in at most `document_seconds`.

    `texts`: where the texts that were recognised in scans are kept; None: scans are rejected.
    """

    raw: Storage
    sources: Sources
    max_document_bytes: int
    texts: Storage | None = None
    document_seconds: float = DOCUMENT_SECONDS

    def run(self, staged: Staged, keys: Sequence[str]) -> Index:
        """Curate the objects of these keys, stage them as a part and return its index."""
        return self.run_until(Deadline(math.inf), staged, keys)[0]

    def run_until(self, deadline: Deadline, staged: Staged, keys: Sequence[str]) -> tuple[Index, Sequence[str]]:
        """Do so with as many of the keys as can be begun before the deadline, one at least; return the others too.

        The part is named by all the keys. Of several attempts at it the first that ends counts, however far it came,
        and each returns what that one left: so nothing is lost, whichever of them the caller listens to.
        """
        index = staged.write(part_of(keys), self._outcomes(keys, deadline))
        return index, keys[index.objects :]

    def _outcomes(self, keys: Sequence[str], deadline: Deadline) -> Iterator[Kept | Reject | Passed]:
        for place, key in enumerate(keys):
            if place and deadline.remaining_seconds <= 0:
                return
            yield self._outcome(key)

    def _outcome(self, key: str) -> Kept | Reject | Passed:
        return outcome_of(self.raw, key, self.sources, self.max_document_bytes, self.texts, self.document_seconds)
