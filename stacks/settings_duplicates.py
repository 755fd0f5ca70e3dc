"""The settings of near-duplicates: which sources are searched for them, and how much a source may lose unasked.

Functions are told by one JSON document in their environment, as of the rules. The runtime reads it by
`slipway_runtime.prepare.duplicates.settings`, whose defaults are these.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic import Field

from stacks.settings_section import Section

if TYPE_CHECKING:
    from stacks.settings_sources import Source


class NearDuplicates(Section):
    """Documents that repeat another one of their tenant are left out: the first one is kept, whenever it came."""

    enabled: bool = Field(False, description="Compare each document with those of its tenant; about $22 a million.")
    threshold: float = Field(
        0.8,
        ge=0.5,
        le=1,
        description="Least Jaccard similarity of the word 5-grams of two documents that are duplicates; found are 99 % "
        "of the pairs at 0.8, half of those at 0.55.",
    )
    max_lost_share: float = Field(
        0.3,
        ge=0,
        le=1,
        description="Share of its documents that a source may lose to duplicates before it keeps all and asks a "
        "person: `slipway duplicates`.",
    )
    min_documents: int = Field(20, ge=1, description="Documents of a source before that share is looked at.")


def is_searched(default: NearDuplicates, sources: list[Source]) -> bool:
    """Return whether any source is searched for near-duplicates."""
    return default.enabled or any(source.near_duplicates and source.near_duplicates.enabled for source in sources)


def duplicates_document(default: NearDuplicates, sources: list[Source]) -> str:
    """Return the JSON that functions read: keys sorted, what has its default left out; "" where nothing is searched."""
    if not is_searched(default, sources):
        return ""
    listed = [
        {"prefix": source.prefix}
        | ({"near_duplicates": _said(source.near_duplicates)} if source.near_duplicates else {})
        for source in sources
    ]
    document = {"default": _said(default)} | ({"sources": listed} if listed else {})
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _said(settings: NearDuplicates) -> dict[str, object]:
    return settings.model_dump(mode="json", exclude_defaults=True)
