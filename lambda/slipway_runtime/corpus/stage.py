"""The first half of a run: objects are curated, part by part, each part on its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slipway_runtime.corpus.outcome import Kept, Reject, outcome_of
from slipway_runtime.corpus.part import Index, Staged, part_of
from slipway_runtime.corpus.sources import Sources
from slipway_runtime.corpus.storage import Storage


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What curates the objects of `raw` that have at most `max_document_bytes`.

    `texts`: where the texts that were recognised in scans are kept; None: scans are rejected.
    """

    raw: Storage
    sources: Sources
    max_document_bytes: int
    texts: Storage | None = None

    def run(self, staged: Staged, keys: Sequence[str]) -> Index:
        """Curate the objects of these keys, stage them as a part and return its index."""
        return staged.write(part_of(keys), self._outcomes(keys))

    def _outcomes(self, keys: Sequence[str]) -> Iterator[Kept | Reject]:
        for key in keys:
            if found := outcome_of(self.raw, key, self.sources, self.max_document_bytes, self.texts):
                yield found
