"""What became of one object of a corpus: a curated line, or a reject with its reason."""

import msgspec

from slipway_runtime.corpus.sources import NOWHERE, Sources
from slipway_runtime.corpus.storage import Storage
from slipway_runtime.prepare.curate import CuratedDocument, curate
from slipway_runtime.prepare.keys import document_id
from slipway_runtime.prepare.rejected import Rejected


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """A reject as the curated bucket holds it."""

    key: str
    document_id: str
    source: str
    source_version: str
    code: str
    reason: str

    def line(self) -> bytes:
        """Return the reject as one line of canonical JSON."""
        return msgspec.json.encode(self, order="sorted") + b"\n"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A curated document, its source, and when its object was put (seconds since 1970)."""

    key: str
    source: str
    modified: float
    document: CuratedDocument


def outcome_of(raw: Storage, key: str, sources: Sources, max_bytes: int) -> Kept | Reject | None:
    """Return what becomes of an object, None if it went before it was read. Raises: the errors of the storage."""
    version = ""
    try:
        found = raw.read(key, max_bytes)
        if found is None:
            return None
        version = found.version_id
        document = curate(found, sources.rules(key))
    except Rejected as rejected:
        return Reject(
            key=key,
            document_id=document_id(key),
            source=NOWHERE if rejected.code == "invalid_key" else sources.name(key),
            source_version=version,
            code=rejected.code,
            reason=rejected.reason,
        )
    return Kept(key=key, source=sources.name(key), modified=found.modified, document=document)
