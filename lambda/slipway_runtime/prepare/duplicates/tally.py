"""What each source has and has lost, counted with each claim, and the person who is asked when it loses too much.

    subject           item               holds
    source#<source>   tally#<part>       documents, duplicates: of those whose ids fall into this part, numbers
    source#<source>   guard              asked: "yes" while nothing may be left out; allowed: what a person agreed to
    source#<source>   held#<document>    a document that repeats another one, kept until a person agrees

The counts change in the transaction of the claim, so that no crash and no second delivery makes them wrong. One item
for a source would bring all of its writers to each other's way, so there are PARTS.
"""

import zlib
from dataclasses import dataclass
from typing import Any, Self

from slipway_runtime.prepare.duplicates.entries import Entry, Key
from slipway_runtime.prepare.duplicates.settings import NearDuplicates

PARTS = 8
HELD = "held#"
ASKED = "asked = :yes"
YES = {"yes": {"S": "yes"}}


@dataclass(frozen=True, kw_only=True)
class HeldBack:
    """Why a document that repeats another one is kept all the same. `share`: the most that its source may lose."""

    document_id: str
    similarity: float
    source: str
    documents: int
    duplicates: int
    share: float

    @property
    def reason(self) -> str:
        """Return what a person is asked."""
        return (
            f"held: this repeats {self.document_id} (similarity {self.similarity:.2f}) and is kept, because the source "
            f"{self.source} has lost {self.duplicates} of {self.documents} documents as duplicates and may lose "
            f"{self.share:.0%} unasked; if they are duplicates, run `slipway duplicates confirm {self.source}`, else "
            "raise the source's threshold or switch it off"
        )


@dataclass(frozen=True, kw_only=True)
class Tally:
    """The state of one source."""

    source: str
    documents: int
    duplicates: int
    is_asked: bool
    allowed: float

    @classmethod
    def of(cls, source: str, read: dict[Key, dict[str, Any]]) -> Self:
        """Return the state that the items hold."""
        parts = [read[key] for key in tally_keys(source) if key in read]
        guard = read.get(guard_key(source), {})
        return cls(
            source=source,
            documents=sum(int(part["documents"]["N"]) for part in parts),
            duplicates=sum(int(part["duplicates"]["N"]) for part in parts),
            is_asked="asked" in guard and guard["asked"]["S"] == "yes",
            allowed=float(guard["allowed"]["N"]) if "allowed" in guard else 0.0,
        )

    def holds(self, old: Entry | None, kept: Entry, similarity: float, limits: NearDuplicates) -> HeldBack | None:
        """Return why one more duplicate may not be left out, None if it may. `old`: the document's state, not one."""
        documents, duplicates = self.documents + (old is None or old.source != self.source), self.duplicates + 1
        share = max(limits.max_lost_share, self.allowed)
        if not self.is_asked and (documents < limits.min_documents or duplicates <= share * documents):
            return None
        return HeldBack(
            document_id=kept.document_id,
            similarity=similarity,
            source=self.source,
            documents=documents,
            duplicates=self.duplicates,
            share=share,
        )


def tally_keys(source: str) -> list[Key]:
    """Return the keys of the source's counts."""
    return [(f"source#{source}", f"tally#{part}") for part in range(PARTS)]


def guard_key(source: str) -> Key:
    """Return the key of what a person was asked and said."""
    return f"source#{source}", "guard"


def held_key(entry: Entry) -> Key:
    """Return the key of the item that says that a document waits for a person."""
    return f"source#{entry.source}", HELD + entry.document_id


def moves(old: Entry | None, new: Entry | None) -> list[tuple[Key, int, int]]:
    """Return by how much which counts change, documents and duplicates, as a document goes from `old` to `new`."""
    changes: dict[Key, tuple[int, int]] = {}
    for entry, sign in ((old, -1), (new, 1)):
        if entry:
            key = tally_keys(entry.source)[zlib.crc32(entry.document_id.encode()) % PARTS]
            documents, duplicates = changes.get(key, (0, 0))
            changes[key] = documents + sign, duplicates + sign * bool(entry.kept_id)
    return [(key, *change) for key, change in changes.items() if any(change)]
