"""What every vector store must do: a class of tests that each store's test file inherits, giving the fixture `store`.

The store is empty and has vectors of 8 dimensions. `settle` is for a store whose writes are seen late.
"""

import random
import string
import threading
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slipway_runtime.operate.record import padded
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.chunk import Chunk
from slipway_runtime.retrieve.filters import Attributes, Compare, Compound, Equals, Filter, Not, OneOf, matches
from slipway_runtime.retrieve.stores.contract import (
    DocumentVersion,
    Mode,
    Query,
    UnsupportedMode,
    VectorStore,
    WrongDimensions,
    chunk_attributes,
)

DIMENSIONS = 8


def soon() -> Deadline:
    return Deadline.after(30)


def stamp(sequencer: str) -> str:
    """A small number as S3 would write it: 18 digits."""
    return padded(f"{sequencer:0>18}")


def version(
    sequencer: str, document: str = "doc_1", tenant: str = "acme", attributes: Attributes | None = None
) -> DocumentVersion:
    return DocumentVersion(
        tenant=tenant,
        document_id=document,
        path=f"{document}.md",
        title="Guide",
        sequencer=stamp(sequencer),
        source_version=f"v{sequencer}",
        rules="r1",
        attributes=attributes or {},
    )


def pieces(count: int, words: str = "plain words", page: int | None = None) -> list[Chunk]:
    return [
        Chunk(ordinal=n, start=n * 10, end=n * 10 + 9, content=f"{words} {n}", heading="A > B", page=page)
        for n in range(count)
    ]


def vectors(count: int, seed: int = 0) -> list[list[float]]:
    source = random.Random(seed)
    return [[source.gauss(0, 1) for _ in range(DIMENSIONS)] for _ in range(count)]


def cosine(one: list[float], other: list[float]) -> float:
    dot = sum(a * b for a, b in zip(one, other, strict=True))
    return dot / (sum(a * a for a in one) * sum(b * b for b in other)) ** 0.5


def values() -> st.SearchStrategy[Any]:
    return st.sampled_from(["en", "de", "", 'quote " and \\', "ü😀", "a' OR '1'='1", True, False, 0, 1, 3, 2.5, -7])


def comparisons() -> st.SearchStrategy[Filter]:
    keys = st.sampled_from(["language", "tags", "year", "draft", "missing"])
    return st.one_of(
        st.builds(Equals, st.sampled_from(["eq", "ne"]), keys, values()),
        st.builds(Compare, st.sampled_from(["gt", "gte", "lt", "lte"]), keys, st.sampled_from([-7, 0, 1, 2.5, 3])),
        st.builds(OneOf, st.sampled_from(["in", "nin"]), keys, st.lists(values(), min_size=1, max_size=3).map(tuple)),
    )


def filters() -> st.SearchStrategy[Filter]:
    def grow(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
        several = st.lists(inner, min_size=1, max_size=3).map(tuple)
        return st.one_of(st.builds(Compound, st.sampled_from(["and", "or"]), several), st.builds(Not, inner))

    return st.recursive(comparisons(), grow, max_leaves=6)


def attributes() -> st.SearchStrategy[dict[str, Any]]:
    tags = st.lists(st.sampled_from(["en", "a' OR '1'='1", "", "x"]), max_size=3, unique=True)
    return st.fixed_dictionaries({}, optional={"language": values(), "year": values(), "draft": values(), "tags": tags})


EXAMPLES = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)


class StoreContract:
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
    def test_migration_may_be_repeated_and_keeps_what_is_there(self, store: VectorStore) -> None:
        self.replace(store, version("1"), pieces(2))
        store.migrate(DIMENSIONS, soon())
        assert self.contents(store) == {"plain words 0", "plain words 1"}

    def test_another_number_of_dimensions_is_refused_with_the_remedy(self, store: VectorStore) -> None:
        self.replace(store, version("1"), pieces(1))
        self.settle(store)
        if self.lacks(store, "vector", "hybrid"):
            store.migrate(16, soon())  # it has no dimensions
            assert self.contents(store) == {"plain words 0"}
            return
        with pytest.raises(WrongDimensions, match="has 8 dimensions, expected 16"):
            store.migrate(16, soon())
        with pytest.raises(WrongDimensions, match="4 dimensions, expected 8"):
            store.replace(version("2"), pieces(1), [[0.1] * 4], soon())
        with pytest.raises(WrongDimensions, match="4 dimensions, expected 8"):
            store.search(Query(tenant="acme", vector=[0.1] * 4, text="x"), soon())
        assert self.contents(store) == {"plain words 0"}

    @pytest.mark.capability("R6")
    def test_a_new_version_replaces_the_old_one_whole_and_an_old_one_changes_nothing(self, store: VectorStore) -> None:
        assert self.replace(store, version("2"), pieces(5))
        assert self.replace(store, version("10"), pieces(2, "new"))
        assert not self.replace(store, version("3"), pieces(4, "stale"))
        assert self.contents(store) == {"new 0", "new 1"}
        assert self.replace(store, version("10"), pieces(2, "new")), "the same event again may repeat its work"
        assert self.contents(store) == {"new 0", "new 1"}

    def test_a_document_without_chunks_removes_those_it_had(self, store: VectorStore) -> None:
        self.replace(store, version("1"), pieces(3))
        assert self.replace(store, version("2"), [])
        assert self.contents(store) == set()

    def test_touch_moves_the_version_and_keeps_the_chunks(self, store: VectorStore) -> None:
        assert not store.touch(version("1"), soon()), "nothing is there yet"
        self.replace(store, version("2"), pieces(2))
        self.settle(store)
        assert store.touch(version("3"), soon())
        self.settle(store)
        assert not store.touch(version("2"), soon())
        assert len(self.contents(store)) == 2

    @pytest.mark.capability("R6")
    def test_a_deletion_holds_against_late_events(self, store: VectorStore) -> None:
        self.replace(store, version("5"), pieces(3))
        self.settle(store)
        assert store.delete("acme", "doc_1", stamp("4"), soon()) is None
        assert store.delete("acme", "doc_1", stamp("6"), soon()) == 3
        self.settle(store)
        assert store.delete("acme", "doc_1", stamp("6"), soon()) == 0
        for late in ("5", "6"):
            assert not self.replace(store, version(late), pieces(1))
            assert not store.touch(version(late), soon())
        assert self.replace(store, version("7"), pieces(1))
        self.settle(store)
        assert store.delete("acme", "doc_1", stamp("1"), soon(), force=True) == 1
        assert not self.replace(store, version("7"), pieces(1))
        assert self.contents(store) == set()

    def test_a_delete_before_any_create_is_remembered(self, store: VectorStore) -> None:
        assert store.delete("acme", "doc_9", stamp("6"), soon()) == 0
        self.settle(store)
        assert not self.replace(store, version("5", "doc_9"), pieces(1))

    def test_two_writers_at_once_leave_one_whole_version_the_newest(self, store: VectorStore) -> None:
        done: dict[str, bool] = {}
        start = threading.Barrier(4)

        def write(sequencer: str, count: int) -> None:
            start.wait()
            done[sequencer] = self.replace(store, version(sequencer), pieces(count, f"s{sequencer}"))

        threads = [threading.Thread(target=write, args=(str(number), number + 2)) for number in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert done["4"]
        assert self.contents(store) == {f"s4 {n}" for n in range(6)}

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

    def test_a_tenant_can_neither_replace_nor_delete_what_another_one_holds(self, store: VectorStore) -> None:
        self.replace(store, version("5"), pieces(2))
        self.settle(store)
        assert not self.replace(store, version("9", tenant="other"), pieces(1))
        assert not store.delete("other", "doc_1", stamp("9"), soon())
        assert len(self.contents(store)) == 2
        assert self.contents(store, "other") == set()
        assert self.replace(store, version("6"), pieces(1))

    def test_it_says_that_it_is_well(self, store: VectorStore) -> None:
        assert store.health(soon()).ok
