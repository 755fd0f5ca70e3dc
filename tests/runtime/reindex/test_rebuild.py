"""A rebuild beside those who change the same document: whoever comes between, the newest version stands.

The store and the bucket here hold what the real ones do of one document; their own rules are tested with the contract.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.curate import CuratedDocument
from slipway_runtime.reindex.rebuild import Rebuilding
from slipway_runtime.retrieve.stores.contract import DocumentVersion

pytestmark = pytest.mark.capability("R7")


def document(text: str) -> CuratedDocument:
    return CuratedDocument(
        document_id="doc_1", tenant="acme", path="a.md", source_version="v1", sha256="", rules="r", title="A",
        media_type="text/markdown", language="en", text=text, pages=[], headings=[], counts={},
    )  # fmt: skip


@dataclass
class Bucket:
    """The curated bucket; `then` is called once, when a document has been read."""

    held: tuple[str, str] | None
    then: Callable[[], None] | None = None
    unreadable: bool = False

    def sequencer(self, _tenant: str, _document_id: str) -> str | None:
        return self.held[0] if self.held else None

    def get(self, _tenant: str, _document_id: str) -> CuratedDocument | None:
        found, then, self.then = self.held, self.then, None
        if then:
            then()
        return document(found[1]) if found and not self.unreadable else None


@dataclass
class Index:
    """The index and its store: one document, guarded by its sequencer; a deletion is remembered."""

    sequencer: str = ""
    text: str | None = None
    deleted: bool = False
    rules: str = "chunk"
    seen: list[str] = field(default_factory=list)

    @property
    def store(self) -> "Index":
        return self

    def put(self, version: DocumentVersion, curated: CuratedDocument, _deadline: Deadline) -> int | None:
        return 1 if self.write(version.sequencer, curated.text) else None

    def replace(self, version: DocumentVersion, _chunks: Any, _vectors: Any, _deadline: Deadline) -> bool:
        return self.write(version.sequencer, None)

    def write(self, sequencer: str, text: str | None) -> bool:
        if self.sequencer > sequencer or (self.sequencer == sequencer and self.deleted):
            return False
        self.sequencer, self.text, self.deleted = sequencer, text, False
        self.seen.append(sequencer)
        return True

    def delete(self, sequencer: str) -> None:
        self.sequencer, self.text, self.deleted = sequencer, None, True


def rebuild(bucket: Bucket, index: Index) -> int | None:
    made = Rebuilding(curated=cast(Any, bucket), index=cast(Any, index))
    return made.rebuild("acme", "doc_1", Deadline.after(30))


def test_a_document_is_put_under_the_event_that_it_came_from() -> None:
    index = Index()
    assert rebuild(Bucket(("1", "old")), index) == 1
    assert (index.sequencer, index.text, index.seen) == ("1", "old", ["1"])


def test_a_version_that_comes_meanwhile_stands_whoever_wrote_it() -> None:
    """Its writer saw the new generation, or began before and changed the bucket only."""
    for writes_both in (True, False):
        index, bucket = Index(), Bucket(("1", "old"))

        def newer(index: Index = index, bucket: Bucket = bucket, writes_both: bool = writes_both) -> None:
            bucket.held = ("2", "new")
            if writes_both:
                index.write("2", "new")

        bucket.then = newer
        assert rebuild(bucket, index) == 1
        assert (index.sequencer, index.text) == ("2", "new")


def test_a_document_that_is_deleted_meanwhile_stays_deleted() -> None:
    for writes_both in (True, False):
        index, bucket = Index(), Bucket(("1", "old"))

        def gone(index: Index = index, bucket: Bucket = bucket, writes_both: bool = writes_both) -> None:
            bucket.held = None
            if writes_both:
                index.delete("2")

        bucket.then = gone
        assert rebuild(bucket, index) == 0
        assert index.text is None


def test_one_that_is_gone_or_cannot_be_read_is_told_apart() -> None:
    assert rebuild(Bucket(None), Index()) == 0
    assert rebuild(Bucket(("1", "old"), unreadable=True), Index()) is None
