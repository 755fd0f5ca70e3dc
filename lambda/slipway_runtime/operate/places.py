"""The place of each document among its like: the first of its kind has it, and whoever loses it makes room.

Documents that repeated what is no longer kept are orphans: they are sent through ingestion again before the lineage
says that the change is done, so that whatever stops in between, the next delivery finds them still waiting.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from slipway_runtime.prepare.duplicates.settings import SourceNearDuplicates

if TYPE_CHECKING:
    from slipway_runtime.operate.again import Again
    from slipway_runtime.operate.change import Arrival
    from slipway_runtime.operate.retry import Deadline
    from slipway_runtime.prepare.duplicates.claiming import Claim
    from slipway_runtime.prepare.duplicates.index import Duplicates


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a version stands. `held`: it repeats `document_id` and is kept, for the `reason`; `stale`: a newer came."""

    standing: Literal["first", "held", "duplicate", "stale"] = "first"
    document_id: str = ""
    similarity: float = 0.0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Index:
    """What places are kept in. `make` returns the index of near-duplicates, which brings numpy when it is needed."""

    make: Callable[[], Duplicates]
    again: Again

    @functools.cached_property
    def duplicates(self) -> Duplicates:
        """Return the index, made once."""
        return self.make()


@dataclass(frozen=True, kw_only=True)
class Places:
    """Takes and gives up places; without an index every document is the first of its kind."""

    index: Index | None = None
    settings: SourceNearDuplicates = field(default_factory=SourceNearDuplicates)

    def take(self, arrival: Arrival, text: str, deadline: Deadline) -> Place:
        """Return where a version stands, and hold its place. Its curated text must be there for others to compare.

        Raises: Conflict or TimeoutError if others were in the way for too long, the errors of DynamoDB, S3 and SQS.
        """
        source, settings = self.settings.of(arrival.change.object.key)
        if self.index is None or not settings.enabled:
            self.leave(arrival, deadline)
            return Place()
        from slipway_runtime.prepare.duplicates.entries import Document  # noqa: PLC0415 - brings numpy

        key = arrival.key
        document = Document(
            tenant=key.tenant,
            source=source,
            document_id=key.document_id,
            sequencer=arrival.change.sequencer,
            text=text,
        )
        claim = self.index.duplicates.claim(document, settings, deadline)
        self.index.again.send(getattr(claim, "orphans", ()), deadline)
        return _place(claim)

    def leave(self, arrival: Arrival, deadline: Deadline) -> None:
        """Give up the place of a document, unless a version newer than this one took it. Raises: as `take`."""
        if self.index is None:
            return
        key, sequencer = arrival.key, arrival.change.sequencer
        orphans = self.index.duplicates.release(key.tenant, key.document_id, sequencer, deadline)
        self.index.again.send(orphans, deadline)

    def confirm(self, source: str, share: float, deadline: Deadline) -> None:
        """Let a source lose this share of its documents, and decide again about those held back. Raises: as `take`."""
        if self.index is not None:
            self.index.again.send(self.index.duplicates.confirm(source, share), deadline)


def _place(claim: Claim) -> Place:
    from slipway_runtime.prepare.duplicates.claiming import DuplicateOf, Kept  # noqa: PLC0415 - brings numpy

    match claim:
        case Kept(held=None):
            return Place()
        case Kept(held=held) if held:
            return Place(standing="held", document_id=held.document_id, similarity=held.similarity, reason=held.reason)
        case DuplicateOf(document_id=document_id, similarity=similarity):
            reason = f"repeats {document_id}, similarity {similarity:.2f}"
            return Place(standing="duplicate", document_id=document_id, similarity=similarity, reason=reason)
    return Place(standing="stale")
