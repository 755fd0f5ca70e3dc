"""Which lines a run erases: those of deleted documents, and of what a document was before it came again."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Deleted:
    """The deleted documents by id, each with the source versions that came after its deletion, none where it is gone.

    S3's version ids have no order, so that versions are told apart by the lineage, which knows those that came later.
    """

    later: Mapping[str, frozenset[str]]

    def __contains__(self, document_id: str) -> bool:
        """Return whether something of the document may have to go."""
        return document_id in self.later

    def __iter__(self) -> Iterator[str]:
        """Yield the ids."""
        return iter(self.later)

    def of(self, names: Iterable[tuple[str, str]]) -> frozenset[str]:
        """Return the documents on whose account a line goes that names these, each with its version; else none.

        A line that says no version of a document that came again stays.
        """
        return frozenset(each for each, version in names if self._goes(each, version))

    def _goes(self, document_id: str, version: str) -> bool:
        later = self.later.get(document_id)
        if later is None:
            return False
        return version not in later if version and later else not later
