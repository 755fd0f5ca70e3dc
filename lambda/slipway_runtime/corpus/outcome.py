"""What became of one object of a corpus: a curated line, or a reject with its reason."""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from slipway_runtime.corpus.storage import Storage
from slipway_runtime.prepare.curate import curate
from slipway_runtime.prepare.isolate import Limits
from slipway_runtime.prepare.keys import document_id
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.rules.base import RuleSet

DUPLICATE = "duplicate"  # the code of a document that is a copy of another one of the corpus
RulesOf = Callable[[str], RuleSet]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One object. `code` is "" for a document that is kept, DUPLICATE for a copy, else the reject's.

    `line` is one line of canonical JSON: the curated document, or the reject. `changes` counts what text rules did.
    """

    key: str
    tenant: str
    document_id: str
    code: str
    line: bytes
    changes: dict[str, int] = {}


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """A reject as the curated bucket holds it."""

    key: str
    document_id: str
    source_version: str
    code: str
    reason: str


def outcome_of(
    storage: Storage, key: str, rules_of: RulesOf, max_bytes: int, limits: Limits | None = None
) -> Outcome | None:
    """Return what becomes of an object, None if it went before it was read. Raises: the errors of the storage."""
    version = ""
    try:
        raw = storage.read(key, max_bytes)
        if raw is None:
            return None
        version = raw.version_id
        document = curate(raw, rules_of(key), limits)
    except Rejected as rejected:
        return reject(key, version, rejected)
    return Outcome(
        key=key,
        tenant=document.tenant,
        document_id=document.document_id,
        code="",
        line=document.line(),
        changes=document.counts,
    )


def reject(key: str, version: str, rejected: Rejected) -> Outcome:
    """Return the outcome of an object that is refused."""
    identity = document_id(key)
    row = Reject(key=key, document_id=identity, source_version=version, code=rejected.code, reason=rejected.reason)
    line = msgspec.json.encode(row, order="sorted") + b"\n"
    return Outcome(key=key, tenant="", document_id=identity, code=rejected.code, line=line)


def outcomes(storage: Storage, keys: Sequence[str], rules_of: RulesOf, max_bytes: int) -> Iterator[Outcome]:
    """Yield what becomes of each object that is still there."""
    for key in keys:
        if found := outcome_of(storage, key, rules_of, max_bytes):
            yield found
