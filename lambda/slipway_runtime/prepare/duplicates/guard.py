"""A source that would lose more than a set share of its documents is not touched until a person has agreed.

The worst failure of near-duplicate removal is a corpus that all but vanishes, and it looks like success.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from slipway_runtime.prepare.duplicates.clusters import Duplicate

MAX_SHARE = 0.3


@dataclass(frozen=True, kw_only=True)
class Removal:
    """The duplicates to leave out."""

    duplicates: tuple[Duplicate, ...]


@dataclass(frozen=True, kw_only=True)
class Held:
    """The duplicates found, none of which may be removed yet, and what a person says to agree to exactly these."""

    duplicates: tuple[Duplicate, ...]
    documents: int
    max_share: float
    acknowledgement: str

    @property
    def reason(self) -> str:
        """Return what a person is asked."""
        found = len(self.duplicates)
        return (
            f"{found} of {self.documents} documents ({found / self.documents:.1%}) repeat others, more than the "
            f"{self.max_share:.0%} that a source may lose unasked; nothing was removed. Look at the list, then run "
            f"again with the acknowledgement {self.acknowledgement}, or raise the share of this source"
        )


def guard(
    duplicates: Sequence[Duplicate], documents: int, *, max_share: float = MAX_SHARE, acknowledged: str = ""
) -> Removal | Held:
    """Return the removal of a source's duplicates, or why it has to wait.

    `documents`: how many the source has. `acknowledged`: what a person read in Held; it fits these duplicates only.
    """
    found = tuple(duplicates)
    if len(found) <= max_share * documents:
        return Removal(duplicates=found)
    token = acknowledgement(found)
    if acknowledged == token:
        return Removal(duplicates=found)
    return Held(duplicates=found, documents=documents, max_share=max_share, acknowledgement=token)


def acknowledgement(duplicates: Sequence[Duplicate]) -> str:
    """Return 16 hex digits that stand for this list of duplicates."""
    lines = "".join(f"{each.document} {each.kept}\n" for each in duplicates)
    return hashlib.sha256(lines.encode()).hexdigest()[:16]
