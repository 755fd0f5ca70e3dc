"""What became of one document in a run, as it is kept beside the run's results."""

import hashlib

import msgspec

from slipway_runtime.datasets.example import Example
from slipway_runtime.prepare.augment.books import Kind, Reject, Spent, Tally, Verdict
from slipway_runtime.prepare.label.record import LabelRecord


class Item(msgspec.Struct, frozen=True):
    """Something that was kept."""

    item_id: str
    kind: Kind
    example: Example


class Outcome(msgspec.Struct, kw_only=True):
    """A document's items, labels and books. `made_by` names everything that decided them, `tallies` are by kind.

    `refused`: why nothing was asked about it at all, or None.
    """

    document_id: str
    key: str
    source_version: str
    made_by: str
    refused: Verdict | None = None
    items: list[Item] = []
    rejects: list[Reject] = []
    labels: LabelRecord | None = None
    tallies: dict[str, Tally] = {}
    spent: Spent = msgspec.field(default_factory=Spent)

    def tally(self, kind: Kind) -> Tally:
        """Return the tally of a kind, which is there from then on."""
        return self.tallies.setdefault(kind, Tally())

    def keep(self, kind: Kind, item_id: str, example: Example) -> None:
        """Keep an item."""
        self.items.append(Item(item_id, kind, example))
        self.tally(kind).kept += 1

    def reject(self, kind: Kind, item_id: str, verdict: Verdict) -> None:
        """Note that an item was asked for and is not kept, and why."""
        self.rejects.append(
            Reject(item_id=item_id, document_id=self.document_id, kind=kind, code=verdict.code, reason=verdict.reason)
        )
        rejects = self.tally(kind).rejects
        rejects[verdict.code] = rejects.get(verdict.code, 0) + 1

    def item_id(self, kind: Kind, ordinal: int, index: int) -> str:
        """Return the id of the `index`-th item of a kind from a passage: 32 hex digits, the same in every attempt."""
        parts = (self.document_id, self.source_version, self.made_by, kind, ordinal, index)
        return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]

    def counts(self) -> dict[str, int]:
        """Return what was kept and found, as lineage counts it."""
        kept = {f"augment.{kind}": tally.kept for kind, tally in self.tallies.items() if tally.kept}
        return kept | (self.labels.counts() if self.labels else {})

    def line(self) -> bytes:
        """Return the outcome as one line of canonical JSON."""
        return msgspec.json.encode(self, order="sorted") + b"\n"
