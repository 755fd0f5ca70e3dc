"""What the gateway shows of a tenant's documents, and how it deletes one."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import msgspec

from slipway_runtime.operate.change import now
from slipway_runtime.operate.curated import Curated
from slipway_runtime.operate.erasure_requests import Requests
from slipway_runtime.operate.lineage import PAGE_ITEMS, Lineage
from slipway_runtime.operate.objects import Objects
from slipway_runtime.operate.record import Record
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.stores.contract import VectorStore

# Deleted documents stay in the index. One request reads past at most this many entries of it, 5 queries' worth.
MAX_EXAMINED = 5 * PAGE_ITEMS


class Listing(msgspec.Struct, frozen=True):
    """One page of documents. `last_id` is where the next page begins, None if nothing was looked at.

    A page may hold fewer documents than asked for, even none, and still have more after it.
    """

    records: list[Record]
    has_more: bool
    last_id: str | None


@dataclass(frozen=True, kw_only=True)
class Removed:
    """What a deletion took away; `said`: answers made from it, by kind."""

    objects: int
    curated: int
    chunks: int
    said: Mapping[str, int] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """Return all of it by kind."""
        return {"objects": self.objects, "curated": self.curated, "chunks": self.chunks, **self.said}


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """One tenant's documents; those of another tenant do not exist here."""

    lineage: Lineage
    tenant: str

    def find(self, document_id: str) -> Record | None:
        """Return a document, or None if there is none, it is another tenant's or it was deleted."""
        record = self.known(document_id)
        return record if record and record.status != "deleted" else None

    def known(self, document_id: str) -> Record | None:
        """Return a document, also one that was deleted, or None if there is none or it is another tenant's."""
        record = self.lineage.current(document_id)
        return record if record and record.tenant == self.tenant else None

    def page(self, limit: int, *, status: str = "", prefix: str = "", after: Record | None = None) -> Listing:
        """Return up to `limit` documents in the order of their paths.

        Deleted ones are among them only where `status` asks for them. Looks at no more than MAX_EXAMINED entries.
        """
        found: list[Record] = []
        last: str | None = None
        for examined, record in enumerate(self.lineage.list(self.tenant, prefix=prefix, after=after)):
            wanted = record.status == status if status else record.status != "deleted"
            if examined == MAX_EXAMINED or (wanted and len(found) == limit):
                return Listing(found, True, last)
            if wanted:
                found.append(record)
            last = record.document_id
        return Listing(found, False, found[-1].document_id if found else None)

    def delete(
        self,
        record: Record,
        objects: Objects,
        curated: Curated,
        store: VectorStore,
        deadline: Deadline,
        *,
        beside: Callable[[], Sequence[VectorStore]] = tuple,
        unsay: Callable[[], Mapping[str, int]] = dict,
    ) -> Removed:
        """Remove all versions of the object, then side by side the chunks, the curated text with what was recognised,
        and the answers made of it, then mark the lineage; repeating finishes a broken attempt.

        The object goes first: the chunks could otherwise be indexed again from it. `beside`: asked when the curated
        text is gone, the generations of the index beside the one that is searched. `unsay` removes the answers and
        returns how many by kind.
        """
        removed = objects.remove_all_versions(record.bucket, record.key)
        with ThreadPoolExecutor(2) as others:
            forgetting = others.submit(curated.forget, self.tenant, record.document_id, record.sequencer)
            unsaying = others.submit(unsay)
            chunks = store.delete(self.tenant, record.document_id, record.sequencer, deadline, force=True) or 0
            lines, said = forgetting.result(), unsaying.result()
        for other in beside():
            other.delete(self.tenant, record.document_id, record.sequencer, deadline, force=True)
        while (latest := self.lineage.current(record.document_id)) and latest.status != "deleted":
            # A newer event may be written between reading and writing; then its sequencer is the one to mark.
            lines += curated.forget(self.tenant, record.document_id, latest.sequencer)
            taken = Removed(objects=removed, curated=lines, chunks=chunks, said=said)
            if self.lineage.delete(latest, sequencer=latest.sequencer, at=now(), removed=taken.counts):
                break
        else:
            # The objects' own events were quicker to mark it: what went here belongs in its report all the same.
            requests = Requests(client=self.lineage.client, table=self.lineage.documents_table)
            taken = Removed(objects=removed, curated=lines, chunks=chunks, said=said)
            for kind, number in taken.counts.items():
                requests.add(record.document_id, kind, number)
        return taken
