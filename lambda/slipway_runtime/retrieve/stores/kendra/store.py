"""Amazon Kendra as a store: one index of all tenants, each search with the tenant's condition, guards in DynamoDB.

Kendra ranks by its own models and takes no vectors, so that there is keyword search alone. A chunk's id says of which
version it is, and a version is shown, by its guard, when Kendra has indexed all of it.
Source: Amazon Kendra developer guide, "Adding documents directly to an index", "Retrieving passages".
"""

import itertools
import re
from dataclasses import dataclass

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.chunk import Chunk
from slipway_runtime.retrieve.filters import Filter, InvalidFilter, matches
from slipway_runtime.retrieve.stores.contract import (
    DocumentVersion,
    Health,
    Hit,
    Mode,
    Query,
    StoreUnavailable,
    UnsupportedMode,
)
from slipway_runtime.retrieve.stores.guard import Guard, Guards
from slipway_runtime.retrieve.stores.kendra import fields, rows
from slipway_runtime.retrieve.stores.kendra.attribute_filter import Condition, attribute_filter, equals, pushed
from slipway_runtime.retrieve.stores.kendra.service import MAX_RESULTS, Answer, Index

# Kendra reads 30 words of a question.
MAX_WORDS = 30
WORD = re.compile(r"\w+(?:[-.'’]\w+)*")
# Words that are an operator of Kendra's query syntax where they stand in capitals.
OPERATORS = frozenset(("AND", "OR", "NOT", "TO"))


@dataclass(frozen=True, kw_only=True)
class KendraStore:
    """The chunks of every tenant. `attributes`: names that Kendra can filter by, beside a chunk's own."""

    index: Index
    guards: Guards
    attributes: tuple[str, ...] = ()

    @property
    def modes(self) -> frozenset[Mode]:
        """Keyword search alone."""
        return frozenset(("keyword",))

    def migrate(self, dimensions: int, deadline: Deadline) -> None:  # noqa: ARG002 - Kendra has no vectors
        """Add the fields that the index lacks. Raises: StoreUnavailable if the index is not there in time."""
        described = self.index.describe(deadline)
        held = {each["Name"] for each in described.get("DocumentMetadataConfigurations", [])}
        if missing := [each for each in fields.configuration(self.attributes) if each["Name"] not in held]:
            self.index.add_fields(missing, deadline)

    def replace(
        self,
        version: DocumentVersion,
        chunks: list[Chunk],
        vectors: list[list[float]],  # noqa: ARG002 - as every store
        deadline: Deadline,
    ) -> bool:
        """Replace all chunks of a document: when Kendra has indexed the new ones they are shown, and the old ones go.

        False if the store holds a newer version. Raises: StoreUnavailable, also where indexing takes longer than the
        deadline; the next attempt goes on where this one ended.
        """
        claimed = self.index.again(
            lambda: self.guards.claim(version.tenant, version.document_id, version.sequencer), deadline
        )
        return claimed is not None and self._publish(claimed, version, chunks, deadline)

    def _publish(self, claimed: Guard, version: DocumentVersion, chunks: list[Chunk], deadline: Deadline) -> bool:
        content = rows.content_digest(version, chunks)
        names = fields.known(self.attributes)
        self.index.put([rows.document(version, content, chunk, names) for chunk in chunks], deadline)
        digest = f"{rows.about_digest(version)}:{content}"
        if not self.index.again(lambda: self.guards.publish(claimed, len(chunks), digest), deadline):
            return self._overtaken(claimed, deadline)
        self._remove_others(claimed, content, deadline)
        self.index.again(lambda: self.guards.clear(claimed), deadline)
        return True

    def _overtaken(self, claimed: Guard, deadline: Deadline) -> bool:
        """Return False if a newer event came between; the same event again has to be waited for."""
        held = self.index.again(lambda: self.guards.read([claimed.document_id]), deadline)[claimed.document_id]
        held.must_overtake(claimed)
        return False

    def _remove_others(self, claimed: Guard, content: str, deadline: Deadline) -> None:
        """Remove the chunks of the version that was shown, and what a writer left that was cut short.

        A deletion looks for everything, whatever is noted: a writer that was overtaken may have written since.
        """
        shown, document = _content(claimed), claimed.document_id
        if shown and shown != content:
            self.index.delete(rows.ids_of(document, claimed.chunks, shown), deadline)
        if claimed.left_nothing and not claimed.deleted:
            return
        others = {"NotFilter": equals(fields.VERSION, rows.version_of(document, content))}
        wanted = attribute_filter(claimed.tenant, equals(fields.DOCUMENT, document), others)
        for version in self.index.versions(wanted, deadline):
            left = self._documents(claimed.tenant, version, deadline)
            self.index.delete([each["DocumentId"] for each in left], deadline)

    def _documents(self, tenant: str, version: str, deadline: Deadline) -> list[Answer]:
        """Return what the index holds of a version, 100 with each query, whatever their ordinals."""
        found: list[Answer] = []
        for start in itertools.count(0, MAX_RESULTS):
            beyond = [equals(fields.VERSION, version), _ordinal("GreaterThanOrEquals", start)]
            if not self.index.versions(attribute_filter(tenant, *beyond), deadline):
                break
            window = attribute_filter(tenant, *beyond, _ordinal("LessThan", start + MAX_RESULTS))
            found += self.index.find("", window, deadline)
        return found

    def touch(self, version: DocumentVersion, deadline: Deadline) -> bool:
        """Note a newer version with the same content; False if the store holds a newer one or none.

        Where its path or attributes changed, its chunks are written anew.
        """
        claimed = self.index.again(
            lambda: self.guards.claim_existing(version.tenant, version.document_id, version.sequencer), deadline
        )
        if claimed is None or claimed.digest.partition(":")[0] == rows.about_digest(version):
            return claimed is not None
        return self._publish(claimed, version, self._chunks(claimed, deadline), deadline)

    def _chunks(self, claimed: Guard, deadline: Deadline) -> list[Chunk]:
        """Return the chunks that are shown."""
        version = rows.version_of(claimed.document_id, _content(claimed))
        found = self._documents(claimed.tenant, version, deadline)
        if len(found) != claimed.chunks:
            raise StoreUnavailable(f"Kendra gives {len(found)} chunks of {claimed.chunks}")
        return sorted((rows.row(each).chunk for each in found), key=lambda chunk: chunk.ordinal)

    def delete(
        self, tenant: str, document_id: str, sequencer: str, deadline: Deadline, *, force: bool = False
    ) -> int | None:
        """Remove a document's chunks and remember it as deleted; None if the store holds a newer version.

        It is not found from the first moment; Kendra's own copies go some time after it returns.
        """
        buried = self.index.again(lambda: self.guards.bury(tenant, document_id, sequencer, force=force), deadline)
        if buried is None:
            return None
        self._remove_others(buried, "", deadline)
        self.index.again(lambda: self.guards.forget(buried), deadline)
        return buried.chunks

    def search(self, query: Query, deadline: Deadline) -> list[Hit]:
        """Return the tenant's chunks that fit the last 30 words best, at most 100; of no text at all, any.

        Raises: UnsupportedMode for searches with a vector, StoreUnavailable, InvalidFilter for a filter that Kendra
        cannot say whole and that leaves too little of what it finds.
        """
        if query.mode not in self.modes:
            raise UnsupportedMode("Kendra", query.mode, self.modes)
        text = _question(query.text)
        if query.text.strip() and not text:
            return []
        wanted = pushed(query.filter, fields.known(self.attributes))
        found = self.index.find(text, attribute_filter(query.tenant, *wanted.conditions), deadline)
        shown = self._shown(query.tenant, found, query.filter, deadline)[: query.limit]
        if len(shown) < query.limit and len(found) == MAX_RESULTS and not wanted.whole:
            raise _too_wide()
        return [each.hit(rank) for rank, each in enumerate(shown, 1)]

    def count(self, tenant: str, deadline: Deadline, filter: Filter | None = None) -> int:
        """Return how many of the tenant's chunks pass the filter.

        Raises: StoreUnavailable for more than 5,000 documents, InvalidFilter as `search`.
        """
        wanted = pushed(filter, fields.known(self.attributes))
        condition = attribute_filter(tenant, *wanted.conditions)
        if not wanted.whole:
            found = self.index.find("", condition, deadline)
            if len(found) == MAX_RESULTS:
                raise _too_wide()
            return len(self._shown(tenant, found, filter, deadline))
        counts = self.index.versions(condition, deadline)
        parts = {version: version.rpartition("@")[::2] for version in counts}
        guards = self._guards({document for document, _ in parts.values()}, deadline)
        return sum(
            number
            for version, number in counts.items()
            if _shows(guards.get(parts[version][0]), tenant, *parts[version])
        )

    def health(self, deadline: Deadline) -> Health:
        """Return whether the index is active and has its fields."""
        try:
            described = self.index.describe(deadline)
        except StoreUnavailable as error:
            return Health(ok=False, detail=str(error))
        held = {each["Name"] for each in described.get("DocumentMetadataConfigurations", [])}
        if fields.CHUNK not in held:
            return Health(ok=False, detail="the index lacks its fields: the migration has not run")
        return Health(ok=described["Status"] == "ACTIVE", detail=f"the index is {described['Status']}")

    def _shown(self, tenant: str, found: list[Answer], wanted: Filter | None, deadline: Deadline) -> list[rows.Row]:
        """Return what may be shown: of a tenant's visible versions, and whatever Kendra made of the filter."""
        read = [rows.row(each) for each in found]
        guards = self._guards({each.document_id for each in read}, deadline)
        return [
            each
            for each in read
            if _shows(guards.get(each.document_id), tenant, each.document_id, each.digest)
            and matches(wanted, each.attributes)
        ]

    def _guards(self, documents: set[str], deadline: Deadline) -> dict[str, Guard]:
        return self.index.again(lambda: self.guards.read(documents), deadline)


def _content(guard: Guard) -> str:
    return guard.digest.partition(":")[2] if guard.visible else ""


def _shows(guard: Guard | None, tenant: str, document_id: str, digest: str) -> bool:
    if guard is None or guard.document_id != document_id:
        return False
    return not guard.deleted and guard.tenant == tenant and _content(guard) == digest


def _ordinal(order: str, value: int) -> Condition:
    return {order: {"Key": fields.ORDINAL, "Value": {"LongValue": value}}}


def _question(text: str) -> str:
    """Return the words at the end of a text, none of them with a meaning in Kendra's query syntax."""
    words = WORD.findall(text[-10_000:])[-MAX_WORDS:]
    return " ".join(word.lower() if word in OPERATORS else word for word in words)


def _too_wide() -> InvalidFilter:
    return InvalidFilter(
        "filter",
        f"leaves too few of the {MAX_RESULTS} chunks that Kendra gives, which cannot say it whole; nest less, or name "
        "its attributes in retrieval.kendra.attributes",
    )
