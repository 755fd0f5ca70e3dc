"""Which sources are searched for near-duplicates, and how, as the environment file says it: read from JSON.

A source is a prefix of object keys with settings of its own, or what is left of a tenant's documents.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

Share = Annotated[float, Meta(ge=0, le=1)]
CONFIRMED = "Near-Duplicates Confirmed"


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the settings: immutable, and without unknown keys."""


class NearDuplicates(_Part, frozen=True):
    """How the documents of a source are compared, and how many of them may be left out unasked.

    `threshold`: Jaccard similarity; `max_lost_share`: of the source's documents, once there are `min_documents`.
    """

    enabled: bool = False
    threshold: Share = 0.8
    max_lost_share: Share = 0.3
    min_documents: Annotated[int, Meta(ge=1)] = 20


class Source(_Part, frozen=True):
    """A part of the raw bucket, by the first characters of its keys; None takes the settings of the environment."""

    prefix: str
    near_duplicates: NearDuplicates | None = None


class SourceNearDuplicates(_Part, frozen=True):
    """The settings of an environment."""

    default: NearDuplicates = NearDuplicates()
    sources: tuple[Source, ...] = ()

    def of(self, key: str) -> tuple[str, NearDuplicates]:
        """Return the source of an object key, by the longest prefix, and its settings."""
        fitting = [source for source in self.sources if key.startswith(source.prefix)]
        if not fitting:
            return f"{key.partition('/')[0]}/", self.default
        source = max(fitting, key=lambda each: len(each.prefix))
        return source.prefix, source.near_duplicates or self.default


def read(document: str | bytes) -> SourceNearDuplicates:
    """Return the settings from JSON. Raises: msgspec.ValidationError naming what is wrong and where."""
    return msgspec.json.decode(document, type=SourceNearDuplicates)
