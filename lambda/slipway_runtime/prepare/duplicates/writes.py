"""The writes by which the table follows a document from its old state to its new one; either may be None."""

from typing import Any

from slipway_runtime.prepare.duplicates.entries import Entry, Key, Scope, named
from slipway_runtime.prepare.duplicates.rare import MAX_OWNERS
from slipway_runtime.prepare.duplicates.table import Table
from slipway_runtime.prepare.duplicates.tally import held_key, moves

UNCHANGED = "sequencer = :sequencer AND digest = :digest AND kept_id = :kept_id AND held_id = :held_id"
ABSENT = "attribute_not_exists(subject)"


def accounting(table: Table, old: Entry | None, new: Entry | None) -> list[dict[str, Any]]:
    """Return the writes by which the counts of sources, and the list of held documents, follow a document's state."""
    writes = [
        table.update(
            key,
            "ADD documents :documents, duplicates :duplicates",
            documents={"N": str(documents)},
            duplicates={"N": str(duplicates)},
        )
        for key, documents, duplicates in moves(old, new)
    ]
    before = held_key(old) if old and old.held_id else None
    after = held_key(new) if new and new.held_id else None
    if before and before != after:
        writes.append(table.delete(before))
    if after and before != after:
        writes.append(table.put(named(after)))
    return writes


def ownership(
    table: Table, scope: Scope, read: dict[Key, dict[str, Any]], old: Entry | None, new: Entry | None
) -> list[dict[str, Any]]:
    """Return the writes by which a document's bands go from its old state to its new one; a duplicate owns none."""
    had = old.bands if old and not old.kept_id else []
    writes = []
    for band in dict.fromkeys([*had, *(new.bands if new else [])]):
        key = scope.band(band)
        seen = owners(read.get(key))
        after = _owners_after(seen, old, new if new and band in new.bands else None)
        if after == seen:
            continue
        condition = "owners = :seen" if seen else ABSENT
        values = {"seen": {"L": [{"S": owner} for owner in seen]}} if seen else {}
        writes.append(
            table.put(scope.item(key, owners=after), condition, **values)
            if after
            else table.delete(key, condition, **values)
        )
    return writes


def _owners_after(seen: list[str], old: Entry | None, new: Entry | None) -> list[str]:
    after = [owner for owner in seen if old is None or owner != old.owner or (new and new.owner == owner)]
    if new and new.owner not in after and len(after) < MAX_OWNERS:
        after.append(new.owner)
    return after


def owners(band: dict[str, Any] | None) -> list[str]:
    """Return the kept documents that share a band, "<document id>@<digest>"."""
    return [owner["S"] for owner in band["owners"]["L"]] if band else []


def state(entry: Entry) -> dict[str, dict[str, Any]]:
    """Return the values of the condition UNCHANGED."""
    return {name: {"S": getattr(entry, name)} for name in ("sequencer", "digest", "kept_id", "held_id")}
