"""What became of one object of a corpus: a curated line, or a reject with its reason."""

import hashlib

import msgspec

from slipway_runtime.corpus.sources import Sources
from slipway_runtime.corpus.storage import Storage
from slipway_runtime.prepare.curate import CuratedDocument, RawObject, curate_any
from slipway_runtime.prepare.keys import NOWHERE, document_id, is_no_document, parse_key
from slipway_runtime.prepare.recognised import Recognised, decode, decode_refusal, refusal_key, text_key
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.streamed import REJECTED, named, sift
from slipway_runtime.prepare.time_limit import time_limit

# All that is done with one document; what its reader alone may take is less.
DOCUMENT_SECONDS = 150.0


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """A reject as the curated bucket holds it. `line`: of the one record of a streamed object, 0 for the whole."""

    key: str
    document_id: str
    source: str
    source_version: str
    code: str
    reason: str
    line: int = 0

    def encoded(self) -> bytes:
        """Return the reject as one line of canonical JSON."""
        return msgspec.json.encode(self, order="sorted") + b"\n"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A curated document, its source, when its object was put (seconds since 1970), and records it is without."""

    key: str
    source: str
    modified: float
    document: CuratedDocument
    records: list[Reject] = []


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """An object that went before it was read, or is not meant as a document."""

    key: str


def outcome_of(
    raw: Storage,
    key: str,
    sources: Sources,
    max_bytes: int,
    texts: Storage | None = None,
    seconds: float = DOCUMENT_SECONDS,
) -> Kept | Reject | Passed:
    """Return what becomes of an object.

    `texts`: where the document path keeps what it recognised in scans; None: scans are rejected.   `seconds`: what
    making its text may take, after which it is "too_slow".
    Raises: the errors of the storage.
    """
    version = ""
    try:
        found = raw.read(key, max_bytes)
        if found is None or is_no_document(key, len(found.data)):
            return Passed(key=key)
        version = found.version_id
        with time_limit(seconds):
            document = curate_any(
                found, sources.rules(key), recognised=(lambda _scan: recognised_in(found, texts)) if texts else None
            )
    except Rejected as rejected:
        return Reject(
            key=key,
            document_id=document_id(key),
            source=NOWHERE if rejected.code == "invalid_key" else sources.name(key),
            source_version=version,
            code=rejected.code,
            reason=rejected.reason,
        )
    source = sources.name(key)
    records = _records(found, source) if REJECTED in document.counts else []
    return Kept(key=key, source=source, modified=found.modified, document=document, records=records)


def _records(raw: RawObject, source: str) -> list[Reject]:
    """Return the records that a streamed object's document is without."""
    return [
        Reject(
            key=raw.key,
            document_id=document_id(raw.key),
            source=source,
            source_version=raw.version_id,
            code=bad.code,
            reason=bad.reason,
            line=bad.line,
        )
        for bad in named(sift(raw.data)[1])
    ]


def recognised_in(raw: RawObject, texts: Storage) -> Recognised:
    """Return the text that was recognised in an object.

    Raises: Rejected as the document path did, or as "not_recognised" where it has not come to that yet; the errors of
    the storage.

    A run over a corpus starts no recognition: what a scan costs is paid once, when the document comes.
    """
    key = parse_key(raw.key)
    sha256 = hashlib.sha256(raw.data).hexdigest()
    found = texts.read(text_key(key.tenant, key.document_id, sha256), max_bytes=1 << 30)
    if found is None:
        if refused := texts.read(refusal_key(key.tenant, key.document_id, sha256), max_bytes=1 << 20):
            raise decode_refusal(refused.data).rejected()
        raise Rejected(
            "not_recognised",
            "the text of this scan has not been recognised yet; that is done when the document comes, so wait for it "
            "or send it through ingestion again",
        )
    return decode(found.data)
