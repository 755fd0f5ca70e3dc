"""What every vector store must find: the half of its contract that is about searching."""

import random
import string
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slipway_runtime.retrieve.chunk import Chunk
from slipway_runtime.retrieve.filters import Compare, Compound, Equals, Filter, Not, matches
from slipway_runtime.retrieve.stores.contract import (
    DocumentVersion,
    Mode,
    Query,
    UnsupportedMode,
    VectorStore,
    chunk_attributes,
)
from support.store_values import attributes, cosine, filters, pieces, soon, stamp, vectors, version

EXAMPLES = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)


class Searching:
    """Inherit it, and give a fixture `store`.

    `anything` is the question that finds every chunk: by default a hybrid one, for vectors leave nothing out. A store
    without hybrid search names its own; what needs the vectors themselves is then expected to be refused by name.
    """

    anything: ClassVar[dict[str, Any]] = {"text": "plain words", "mode": "hybrid"}

    def lacks(self, store: VectorStore, *modes: Mode) -> bool:
        """Return whether the store has none of these searches; then it says so, and what it has instead."""
        if not store.modes.isdisjoint(modes):
            return False
        for mode in modes:
            with pytest.raises(UnsupportedMode, match=f"no {mode} search; it has .*ask for that, or leave mode out"):
                store.search(Query(tenant="acme", vector=vectors(1)[0], text="x", mode=mode), soon())
        return True

    def settle(self, store: VectorStore) -> None:
        """Wait until what was written is found."""

    def contents(self, store: VectorStore, tenant: str = "acme") -> set[str]:
        self.settle(store)
        found = store.search(self.query(tenant, limit=30), soon())
        return {hit.content for hit in found}

    def query(self, tenant: str = "acme", seed: int = 0, limit: int = 5, **other: Any) -> Query:
        return Query(tenant=tenant, vector=vectors(1, seed)[0], limit=limit, **{**self.anything, **other})

    def replace(self, store: VectorStore, made: DocumentVersion, chunks: list[Chunk], seed: int = 0) -> bool:
        return store.replace(made, chunks, vectors(len(chunks), seed), soon())

    @pytest.mark.capability("R6")
    def test_vector_search_finds_the_true_neighbours_in_their_order(self, store: VectorStore) -> None:
        if self.lacks(store, "vector"):
            return
        data = vectors(25, 3)
        store.replace(version("1"), pieces(25), data, soon())
        self.settle(store)
        for seed in range(100, 105):
            wanted = vectors(1, seed)[0]
            found = store.search(Query(tenant="acme", vector=wanted, mode="vector", limit=5), soon())
            nearest = sorted(range(25), key=lambda n: -cosine(wanted, data[n]))[:5]
            assert [hit.chunk_id for hit in found] == [f"doc_1#{n:05d}" for n in nearest]
            best = max(0.0, cosine(wanted, data[nearest[0]]))
            assert found[0].score == pytest.approx(best, abs=0.01)

    @pytest.mark.capability("R6")
    def test_hybrid_search_brings_up_what_the_words_name_and_what_the_vector_means(self, store: VectorStore) -> None:
        if self.lacks(store, "hybrid"):
            return
        self.replace(store, version("1"), pieces(20))
        self.replace(store, version("1", "doc_2"), pieces(1, "error code ZX-4711 explained"), 99)
        self.settle(store)
        wanted = Query(tenant="acme", vector=vectors(20)[7], text="What does ZX-4711 mean?", limit=5)
        found = store.search(wanted, soon())
        assert {"doc_1#00007", "doc_2#00000"} <= {hit.chunk_id for hit in found[:3]}
        assert [hit.fused for hit in found] == sorted((hit.fused for hit in found), reverse=True)
        hit = next(hit for hit in found if hit.chunk_id == "doc_1#00007")
        assert (hit.heading, hit.page, hit.path, hit.content) == ("A > B", None, "doc_1.md", "plain words 7")
        assert (hit.start, hit.end) == (70, 79)

    def test_keyword_search_needs_no_vector_or_says_that_it_is_not_there(self, store: VectorStore) -> None:
        self.replace(store, version("1"), pieces(5))
        self.replace(store, version("1", "doc_2"), pieces(1, "error code ZX-4711 explained"))
        self.settle(store)
        wanted = Query(tenant="acme", text="ZX-4711", mode="keyword", limit=3)
        if "keyword" not in store.modes:
            with pytest.raises(UnsupportedMode, match="keyword"):
                store.search(wanted, soon())
            return
        assert [hit.document_id for hit in store.search(wanted, soon())] == ["doc_2"]

    @pytest.mark.parametrize("question", ["", "the of", "a & b | !c <-> 'q' :* \\", "x" * 10_000, "日本語", "100%"])
    def test_any_text_is_a_question(self, store: VectorStore, question: str) -> None:
        self.replace(store, version("1"), pieces(3))
        self.settle(store)
        if self.lacks(store, "hybrid"):
            found = store.search(Query(tenant="acme", text=question, mode="keyword", limit=5), soon())
            assert {hit.document_id for hit in found} <= {"doc_1"}
            return
        wanted = Query(tenant="acme", vector=vectors(1)[0], text=question, limit=5)
        assert len(store.search(wanted, soon())) == 3

    @pytest.mark.capability("R6")
    def test_a_filter_keeps_what_it_says_and_the_hits_stay_as_many_as_asked_for(self, store: VectorStore) -> None:
        for number in range(12):
            made = version("1", f"doc_{number}", attributes={"language": "de" if number % 4 == 0 else "en"})
            self.replace(store, made, pieces(2), number)
        self.settle(store)
        german = Equals("eq", "language", "de")
        found = store.search(self.query(filter=german, limit=6), soon())
        assert {hit.document_id for hit in found} == {"doc_0", "doc_4", "doc_8"}
        assert len(found) == 6
        assert store.count("acme", soon(), german) == 6
        assert store.count("acme", soon()) == 24

    def test_pages_paths_and_documents_can_be_filtered_by(self, store: VectorStore) -> None:
        chunks = [*pieces(2, "first", page=1), Chunk(ordinal=2, start=30, end=39, content="later", heading="", page=7)]
        self.replace(store, version("1"), chunks)
        self.replace(store, version("1", "doc_2"), pieces(2))
        self.settle(store)
        wanted = Compound("and", (Compare("gte", "page", 2), Equals("eq", "path", "doc_1.md")))
        assert {hit.content for hit in store.search(self.query(filter=wanted), soon())} == {"later"}
        other = Not(Equals("eq", "document_id", "doc_1"))
        assert {hit.document_id for hit in store.search(self.query(filter=other), soon())} == {"doc_2"}

    @pytest.mark.capability("R6")
    @EXAMPLES
    @given(held=st.lists(attributes(), min_size=1, max_size=6), wanted=filters(), order=st.integers(0, 10**9))
    def test_every_filter_means_the_same_in_every_store(
        self, store: VectorStore, held: list[dict[str, Any]], wanted: Filter, order: int
    ) -> None:
        tenant = "t" + "".join(random.Random(f"{order}{held}{wanted}").choices(string.ascii_lowercase, k=16))
        expected = set()
        for number, each in enumerate(held):
            made = version("1", f"{tenant}_{number}", tenant, each)
            self.replace(store, made, pieces(1), number)
            if matches(wanted, chunk_attributes(made, pieces(1)[0])):
                expected.add(made.document_id)
        # The twin of another tenant has all that is asked for, and must never be seen.
        self.replace(store, version("1", f"{tenant}_twin", f"{tenant}x", held[0]), pieces(1))
        self.settle(store)
        found = store.search(self.query(tenant, limit=30, filter=wanted), soon())
        assert {hit.document_id for hit in found} == expected
        assert store.count(tenant, soon(), wanted) == len(expected)

    @pytest.mark.capability("R6")
    @pytest.mark.parametrize("name", ["acme' OR '1'='1", 'acme" }, {"match_all": {} }', "acme*", "ac_e", "%", "ACME"])
    def test_no_name_of_a_tenant_reaches_another_ones_chunks(self, store: VectorStore, name: str) -> None:
        self.replace(store, version("1"), pieces(3))
        self.settle(store)
        assert store.search(self.query(name), soon()) == []
        assert store.count(name, soon()) == 0
        assert not store.delete(name, "doc_1", stamp("9"), soon(), force=True)
        assert len(self.contents(store)) == 3
