"""The tables of an environment, by the names under which the foundation publishes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from stacks.settings_duplicates import is_searched

if TYPE_CHECKING:
    from stacks.settings import Settings


class Kind(NamedTuple):
    """A table's keys, which settings it is there for, and what it has besides; rows that expire have `expires_at`."""

    partition_key: str
    sort_key: str
    is_on: Callable[[Settings], bool] = lambda _: True
    stream: bool = False
    expiring: bool = False
    append_only: bool = False


TABLES = {
    "documents": Kind("document_id", "item"),
    "rejects": Kind("document_id", "rejected_at"),
    # Who did what, when: nobody but its readers and adders is let in (operate/audit.py).
    "audit": Kind("subject", "item", append_only=True),
    # Which version an endpoint serves and served before, and who is changing it: operate/deploy.
    "deployments": Kind("endpoint", "item", lambda settings: bool(settings.serving.follows)),
    "labelling": Kind("job", "item", lambda settings: settings.labelling.enabled),
    # Its stream tells what judges experiments, and the mirror: operate/rows.py.
    "prompts": Kind("subject", "item", lambda settings: settings.prompts.enabled, stream=True, expiring=True),
    # Counters, the ledger and feedback: operate/meter.
    "meters": Kind("subject", "item", lambda settings: settings.metering.enabled, expiring=True),
    # Hashes of keys, and whose they are: operate/tenants.py.
    "tenants": Kind("subject", "item", lambda settings: settings.gateway.access.tenants),
    "conversations": Kind("subject", "item", lambda settings: settings.conversations.enabled, expiring=True),
    "cache": Kind("subject", "item", lambda settings: settings.cache.enabled, expiring=True),
    "approvals": Kind("kind", "item", lambda settings: settings.training.enabled),
    # Two kinds of subject, a document and a band of signatures: prepare/duplicates/entries.py.
    "duplicates": Kind(
        "subject", "item", lambda settings: is_searched(settings.ingestion.near_duplicates, settings.ingestion.sources)
    ),
    "holds": Kind("tenant", "item", lambda settings: settings.ingestion.retention.legal_hold),
}


def table_names(settings: Settings) -> list[str]:
    """Return the names in the order in which the foundation makes the tables."""
    return [name for name, kind in TABLES.items() if kind.is_on(settings)]
