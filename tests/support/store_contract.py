"""What every vector store must do: a class of tests that each store's test file inherits, giving the fixture `store`.

The store is empty and has vectors of 8 dimensions. `settle` is for a store whose writes are seen late.
"""

import threading

import pytest

from slipway_runtime.prepare.attributes.bounds import bounded
from slipway_runtime.retrieve.filters import Equals
from slipway_runtime.retrieve.stores.contract import (
    Query,
    VectorStore,
    WrongDimensions,
)
from support.store_searching import Searching
from support.store_values import DIMENSIONS, pieces, soon, stamp, version


class StoreContract(Searching):
    """Inherit it, and give a fixture `store`; see Searching."""

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
    def test_touch_gives_the_chunks_the_attributes_of_the_version_and_no_others(self, store: VectorStore) -> None:
        self.replace(store, version("1", attributes={"language": "en", "draft": True}), pieces(1, page=3))
        self.settle(store)
        assert store.touch(version("2", attributes={"language": "de"}), soon())
        self.settle(store)
        for key, value, chunks in (("draft", True, 0), ("language", "en", 0), ("language", "de", 1), ("page", 3, 1)):
            assert store.count("acme", soon(), Equals("eq", key, value)) == chunks, key

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

    def test_a_tenant_can_neither_replace_nor_delete_what_another_one_holds(self, store: VectorStore) -> None:
        self.replace(store, version("5"), pieces(2))
        self.settle(store)
        assert not self.replace(store, version("9", tenant="other"), pieces(1))
        assert not store.delete("other", "doc_1", stamp("9"), soon())
        assert len(self.contents(store)) == 2
        assert self.contents(store, "other") == set()
        assert self.replace(store, version("6"), pieces(1))

    @pytest.mark.capability("R6")
    def test_it_takes_the_most_attributes_that_a_document_may_have(self, store: VectorStore) -> None:
        given = {"tags": [f"word{n}" for n in range(10)]} | {f"k{n}": n for n in range(60)}
        kept, counts = bounded(given, {"media_type": "text/plain", "language": "en"}, str)
        assert (len(kept), counts) == (40, {"attributes.dropped": 23})

        assert self.replace(store, version("1", attributes=kept), pieces(1, page=3))
        assert self.contents(store) == {"plain words 0"}

    def test_it_says_that_it_is_well(self, store: VectorStore) -> None:
        assert store.health(soon()).ok
