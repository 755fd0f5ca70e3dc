"""Duplicates across runs: a document that arrives is compared with every kept one of its tenant.

Its bands are read in one request; kept documents that own one of them are candidates, and those whose signatures are
close are verified: by equal digest, or by the exact Jaccard similarity to the candidate's curated text. Not by the
signature, whose standard error of .05 would drop documents that are none, and not by shingles in the table, which would
cost ten times the writes and not fit for a long document; a candidate without a curated text is no evidence.

A kept document and its bands are written in one transaction, under the condition that each band still has the owners
that were read. Of two alike documents that arrive at once the second to write therefore fails, reads again and finds
the first. Nothing is ever half written, and delivering again changes nothing.

A kept document that changes or goes releases its bands; the documents that repeated it are returned as orphans, to be
handled again: one of them is now the first.

A source that loses more than its share is not touched any more until a person has agreed, see `tally`.

Cost, us-east-1 on demand, $.125 a million read units and $.625 a million write units: a kept document reads 23 items
and writes 15 in a transaction, which doubles units: $22 a million documents. A duplicate, which is looked at twice:
about $11, with its read from S3.
Source: Amazon DynamoDB developer guide, "Amazon DynamoDB Transactions: How it works"; aws.amazon.com/dynamodb/pricing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.duplicates.claiming import Claim, Claiming, Comparison
from slipway_runtime.prepare.duplicates.entries import Document, Fingerprint, Scope, entry_of, named
from slipway_runtime.prepare.duplicates.settings import NearDuplicates
from slipway_runtime.prepare.duplicates.table import Conflict, Table
from slipway_runtime.prepare.duplicates.tally import HELD, guard_key
from slipway_runtime.prepare.duplicates.writes import UNCHANGED, accounting, ownership, state

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Duplicates:
    """The index of all sources.

    `curated_text`: returns the curated text of a tenant's document id, or None; it must be there before the claim.
    """

    table: Table
    curated_text: Callable[[str, str], str | None]
    ttl_days: int | None = None

    def claim(self, document: Document, settings: NearDuplicates, deadline: Deadline) -> Claim:
        """Return whether a version of a document is the first of its kind, and hold its place if it is.

        Raises: Conflict if other writers were in the way until the deadline, TimeoutError, the errors of DynamoDB; then
        nothing was changed.
        """
        comparison = Comparison(
            document=document,
            fingerprint=Fingerprint.of(document.text),
            scope=Scope(document.tenant, self.ttl_days),
            curated_text=self.curated_text,
            settings=settings,
        )
        return self._unless_beaten(lambda: Claiming(self.table, comparison, deadline).run(), deadline)

    def release(self, tenant: str, document_id: str, sequencer: str, deadline: Deadline) -> tuple[str, ...]:
        """Forget a document and its bands, unless a version later than `sequencer` has claimed; return its orphans.

        Doing it again returns those not handled yet. Raises: as `claim`.
        """
        scope = Scope(tenant, self.ttl_days)
        return self._unless_beaten(lambda: self._release(scope, document_id, sequencer, deadline), deadline)

    def confirm(self, source: str, share: float) -> tuple[str, ...]:
        """Let a source lose this share of its documents; return those that were held back, to be handled again."""
        item = named(guard_key(source)) | {"asked": {"S": "no"}, "allowed": {"N": str(share)}}
        self.table.write([self.table.put(item)])
        items = self.table.query((guard_key(source)[0], HELD))
        return tuple(item["item"]["S"].removeprefix(HELD) for item in items)

    def _release(self, scope: Scope, document_id: str, sequencer: str, deadline: Deadline) -> tuple[str, ...]:
        key = scope.document(document_id)
        own = entry_of(self.table.read([key], deadline).get(key))
        if own and own.sequencer > sequencer:
            return ()
        if own:
            bands = self.table.read([scope.band(band) for band in own.bands], deadline) if not own.kept_id else {}
            writes = [self.table.delete(key, UNCHANGED, **state(own))]
            writes += ownership(self.table, scope, bands, own, None)
            writes += accounting(self.table, own, None)
            writes += [self.table.delete(scope.edge(own))] if own.kept_id else []
            self.table.write(writes)
        return tuple(repeating for repeating, _ in self.table.edges(scope, document_id))

    def _unless_beaten(self, attempt: Callable[[], T], deadline: Deadline) -> T:
        return self.table.backoff.call(attempt, retry_on=lambda error: isinstance(error, Conflict), deadline=deadline)
