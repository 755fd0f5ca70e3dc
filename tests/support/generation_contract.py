"""What every store with generations must do: a class of tests that each store's test file inherits.

It gives the fixture `generation`, which returns a generation by its number, of the same store and without its index.
"""

from collections.abc import Callable
from typing import Any

import pytest

from slipway_runtime.reindex.compare import compare
from slipway_runtime.retrieve.stores.contract import GenerationStore, Query, WrongDimensions
from support.store_values import pieces, soon, stamp, version

Generation = Callable[[int], GenerationStore]
OLD, NEW = 8, 16


def vectors(count: int, dimensions: int) -> list[list[float]]:
    return [[float(n == place % dimensions) + 0.1 for n in range(dimensions)] for place in range(count)]


@pytest.mark.capability("R7")
class GenerationContract:
    """Inherit it, and give a fixture `generation`."""

    def settle(self, store: GenerationStore) -> None:
        """Wait until what was written is found."""

    @pytest.fixture
    def pair(self, generation: Generation) -> tuple[GenerationStore, GenerationStore]:
        old, new = generation(1), generation(2)
        old.migrate(OLD, soon())
        new.migrate(NEW, soon())
        return old, new

    def put(self, store: GenerationStore, dimensions: int, sequencer: str, count: int, **named: Any) -> bool:
        return store.replace(version(sequencer, **named), pieces(count), vectors(count, dimensions), soon())

    def found(self, store: GenerationStore, dimensions: int, tenant: str = "acme") -> set[str]:
        self.settle(store)
        query = Query(tenant=tenant, vector=vectors(1, dimensions)[0], text="plain words", limit=20)
        return {hit.chunk_id for hit in store.search(query, soon())}

    def inventory(self, store: GenerationStore) -> dict[str, int]:
        self.settle(store)
        return dict(store.inventory(soon()))

    def test_two_models_stand_beside_each_other_and_neither_sees_the_other(self, pair: Any) -> None:
        old, new = pair
        assert self.put(old, OLD, "1", 2)
        assert self.put(new, NEW, "1", 1, document="doc_2")

        assert self.found(old, OLD) == {"doc_1#00000", "doc_1#00001"}
        assert self.found(new, NEW) == {"doc_2#00000"}
        with pytest.raises(WrongDimensions, match="8 dimensions, expected 16"):
            self.found(new, OLD)
        with pytest.raises(WrongDimensions, match="has 8 dimensions, expected 16"):
            old.migrate(NEW, soon())
        assert old.delete("acme", "doc_1", stamp("2"), soon()) == 2
        assert self.put(new, NEW, "1", 1)  # its own order of events
        assert (self.found(old, OLD), len(self.found(new, NEW))) == (set(), 2)

    def test_a_migration_may_be_repeated_and_keeps_every_generation(self, pair: Any) -> None:
        old, new = pair
        self.put(old, OLD, "1", 1)
        self.put(new, NEW, "1", 1)
        old.migrate(OLD, soon())
        new.migrate(NEW, soon())
        assert self.found(old, OLD) == self.found(new, NEW) == {"doc_1#00000"}

    def test_the_inventory_names_what_can_be_found_of_every_tenant(self, pair: Any) -> None:
        old, new = pair
        for number, tenant in enumerate(("acme", "globex", "acme", "acme")):
            self.put(old, OLD, "1", number + 1, document=f"doc_{number}", tenant=tenant)
        self.put(old, OLD, "2", 4, document="doc_0")
        old.delete("acme", "doc_2", stamp("3"), soon())
        old.replace(version("2", document="doc_3"), [], [], soon())

        assert self.inventory(old) == {"doc_0": 4, "doc_1": 2}
        assert self.inventory(new) == {}

    def test_a_dropped_generation_is_gone_and_the_other_as_it_was(self, pair: Any, generation: Generation) -> None:
        old, new = pair
        for store, dimensions in ((old, OLD), (new, NEW)):
            self.put(store, dimensions, "5", 2)
            self.put(store, dimensions, "5", 1, document="doc_9", tenant="globex")
        self.settle(old)

        old.drop(soon())
        old.drop(soon())

        assert self.inventory(new) == {"doc_1": 2, "doc_9": 1}
        assert len(self.found(new, NEW)) == 2
        assert not generation(1).health(soon()).ok
        again = generation(1)
        again.migrate(4, soon())
        assert self.inventory(again) == {}
        assert self.put(again, 4, "1", 1)  # what it knew of documents is gone with it

    def test_the_comparison_names_what_differs_and_stays_so(self, pair: Any) -> None:
        old, new = pair
        for document, here, there in (("doc_1", 2, 2), ("doc_2", 1, 0), ("doc_3", 0, 1), ("doc_4", 3, 2)):
            self.put(old, OLD, "1", here, document=document)
            self.put(new, NEW, "1", there, document=document)
        for store in (old, new):
            self.settle(store)
        waits: list[float] = []

        exact = compare(old, new, soon(), with_chunks=True, sleep=waits.append)
        documents = compare(old, new, soon(), with_chunks=False, sleep=waits.append)

        assert (exact.documents, exact.chunks) == ((3, 3), (6, 5))
        assert exact.differing == {"doc_2": (1, 0), "doc_3": (0, 1), "doc_4": (3, 2)}
        assert set(documents.differing) == {"doc_2", "doc_3"}
        assert "doc_2 has 1 chunks in the first and no in the second" in exact.told("old", "new")
        assert compare(old, old, soon(), with_chunks=True, sleep=waits.append).differing == {}

    def test_a_document_that_is_just_being_written_is_no_difference(self, pair: Any) -> None:
        old, new = pair
        self.put(old, OLD, "1", 2)
        self.settle(old)

        def written(_seconds: float) -> None:
            self.put(new, NEW, "1", 2)
            self.settle(new)

        assert compare(old, new, soon(), with_chunks=True, sleep=written).differing == {}
