"""A document from the curated bucket into the generation that is being built, beside those who change it.

Whoever changes a document changes the curated bucket first, and asks then which generations there are; so each change
is either read here or written there by who made it. What is read too early is put right by a second look.
"""

from dataclasses import dataclass

from slipway_runtime.operate.curated import Curated
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.curate import CuratedDocument
from slipway_runtime.reindex.index import Index
from slipway_runtime.retrieve.stores.contract import DocumentVersion

MAX_TURNS = 10


@dataclass(frozen=True, kw_only=True)
class Rebuilding:
    """Fills one index from the curated bucket."""

    curated: Curated
    index: Index

    def rebuild(self, tenant: str, document_id: str, deadline: Deadline) -> int | None:
        """Put a document as it is now and return its chunks: 0 where it is gone, None if its line cannot be read.

        Raises: EmbeddingError, StoreUnavailable, TimeoutError for a document that changes all the time.
        """
        for _ in range(MAX_TURNS):
            sequencer = self.curated.sequencer(tenant, document_id)
            if sequencer is None:
                return 0
            document = self.curated.get(tenant, document_id)
            if document is None:
                # Gone since, or a line of other code; which of them, the next turn or nobody can tell.
                if self.curated.sequencer(tenant, document_id) == sequencer:
                    return None
                continue
            version = self._version(document, sequencer)
            chunks = self.index.put(version, document, deadline)
            left = self.curated.sequencer(tenant, document_id)
            if left == sequencer:
                return chunks or 0
            if left is None:
                self.index.store.replace(version, [], [], deadline)
        raise TimeoutError("the document changes faster than it can be rebuilt")

    def _version(self, document: CuratedDocument, sequencer: str) -> DocumentVersion:
        return DocumentVersion(
            tenant=document.tenant,
            document_id=document.document_id,
            path=document.path,
            title=document.title,
            sequencer=sequencer,
            source_version=document.source_version,
            rules=f"{document.rules}/{self.index.rules}",
            attributes=document.attributes,
        )
