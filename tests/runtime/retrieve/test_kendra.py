"""What is Kendra's own: indexing that takes a while, filters that it cannot say, throttling, its query syntax.

Source: https://docs.aws.amazon.com/kendra/latest/APIReference/API_AttributeFilter.html and API_BatchPutDocument.html
"""

from collections.abc import Iterator

import pytest

from slipway_local.faults import Faults
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.chunk import MAX_CHARACTERS, Chunk
from slipway_runtime.retrieve.filters import Compare, Compound, Equals, InvalidFilter, Not, OneOf
from slipway_runtime.retrieve.stores.contract import Query, StoreUnavailable
from slipway_runtime.retrieve.stores.kendra.attribute_filter import pushed
from slipway_runtime.retrieve.stores.kendra.fields import ordered
from slipway_runtime.retrieve.stores.kendra.store import KendraStore
from support.kendra import ServedKendra, served_kendra
from support.store_values import DIMENSIONS, pieces, soon, stamp, version

pytestmark = pytest.mark.capability("R3")
KNOWN = ("document_id", "language", "year")


@pytest.fixture(scope="module")
def faults() -> Faults:
    return Faults()


@pytest.fixture(scope="module")
def served(faults: Faults) -> Iterator[ServedKendra]:
    with served_kendra(faults) as made:
        yield made


@pytest.fixture
def store(served: ServedKendra) -> Iterator[KendraStore]:
    with served.index() as index_id:
        made = served.store(index_id, "language")
        made.migrate(DIMENSIONS, soon())
        yield made


def found(store: KendraStore, text: str = "", limit: int = 100, **other: object) -> list[str]:
    query = Query(tenant="acme", text=text, mode="keyword", limit=limit, **other)  # type: ignore[arg-type]
    return [hit.content for hit in store.search(query, soon())]


def test_whole_numbers_are_in_the_order_of_the_doubles_they_stand_for() -> None:
    numbers = [-(2.0**53), -7, -2.5, -1e-300, 0, 1e-300, 1, 2.5, 3, 2.0**53]

    assert [ordered(each) for each in numbers] == sorted(ordered(each) for each in numbers)
    assert ordered(-0.0) == ordered(0) == 0
    assert all(-(2**63) <= ordered(each) < 2**63 for each in numbers)


def test_a_filter_is_pushed_as_far_as_two_levels_of_ten_go() -> None:
    german, year = Equals("eq", "language", "de"), Compare("gte", "year", 2020)
    whole = [
        (german, 1),
        (Compound("and", (german, year, Not(german))), 3),
        (Compound("or", (german, year)), 1),
        (Not(Compound("or", (german, year))), 2),
        (OneOf("in", "language", tuple(str(n) for n in range(100))), 1),
        (OneOf("nin", "language", tuple(str(n) for n in range(20))), 2),
    ]
    for wanted, conditions in whole:
        made = pushed(wanted, KNOWN)
        assert (made.whole, len(made.conditions)) == (True, conditions), wanted
    parts = [
        (Compound("or", (german, Not(year))), 0),
        (Compound("and", (german, Equals("eq", "unknown", 1))), 1),
        (Compound("and", (german,) * 12), 9),
        (OneOf("nin", "language", tuple(str(n) for n in range(100))), 9),
    ]
    for wanted, conditions in parts:
        made = pushed(wanted, KNOWN)
        assert (made.whole, len(made.conditions)) == (False, conditions), wanted


def test_a_filter_that_cannot_be_kept_among_the_best_hundred_is_refused(store: KendraStore) -> None:
    for number in range(11):
        store.replace(version("1", f"doc_{number}", attributes={"year": number}), pieces(10), [], soon())
    last = Equals("eq", "year", 10)

    with pytest.raises(InvalidFilter, match=r"retrieval\.kendra\.attributes"):
        found(store, filter=last)
    with pytest.raises(InvalidFilter, match="leaves too few"):
        store.count("acme", soon(), last)
    assert store.count("acme", soon()) == 110, "counted by versions, not by hits"
    assert store.count("acme", soon(), Equals("eq", "document_id", "doc_3")) == 10


def test_a_version_is_shown_when_it_is_indexed_and_an_attempt_goes_on_where_the_last_one_ended() -> None:
    with served_kendra(indexing_seconds=1.0) as served, served.index() as index_id:
        store = served.store(index_id, poll_seconds=0.05)
        store.migrate(DIMENSIONS, soon())
        with pytest.raises(StoreUnavailable, match="chunks are still being indexed"):
            store.replace(version("1"), pieces(12), [], Deadline.after(0.3))
        assert found(store) == []
        puts: list[int] = []
        client = store.index.client
        client.meta.events.register("before-call.kendra.BatchPutDocument", lambda **_: puts.append(1), "counted")
        assert store.replace(version("1"), pieces(12), [], soon())
        client.meta.events.unregister("before-call.kendra.BatchPutDocument", unique_id="counted")
        assert puts == [], "what the first attempt wrote was only waited for"
        assert len(found(store)) == 12
        assert store.replace(version("2"), pieces(2, "new"), [], soon())
        assert sorted(found(store)) == ["new 0", "new 1"], "the old chunks are hidden before they are gone"
        assert store.delete("acme", "doc_1", stamp("3"), soon()) == 2
        assert found(store) == []


def test_touching_with_other_attributes_writes_all_chunks_anew(store: KendraStore) -> None:
    store.replace(version("1"), pieces(120), [], soon())

    assert store.touch(version("2", attributes={"language": "de"}), soon())

    assert store.count("acme", soon(), Equals("eq", "language", "de")) == 120
    assert store.count("acme", soon()) == 120


def test_the_largest_chunk_comes_back_as_it_was(store: KendraStore) -> None:
    content = ('ü\n"€\\' * MAX_CHARACTERS)[:MAX_CHARACTERS]
    chunk = Chunk(ordinal=0, start=3, end=9, content=content, heading="h" * 600, page=7, parent=(0, 40))
    store.replace(version("1", attributes={"tags": ["a", "b"]}), [chunk], [], soon())

    (hit,) = store.search(Query(tenant="acme", mode="keyword", limit=3), soon())

    assert (hit.content, hit.page, hit.start, hit.end) == (content, 7, 3, 9)


def test_a_question_is_words_and_never_syntax(store: KendraStore) -> None:
    """https://docs.aws.amazon.com/kendra/latest/dg/searching-example.html#searching-index-query-syntax"""
    store.replace(version("1"), pieces(1, "plain words"), [], soon())

    assert found(store, 'tenant:other OR "plain" AND NOT (words*)') == ["plain words 0"]
    assert found(store, "?! --- * ()") == []
    assert found(store, f"{'filler ' * 200} plain") == ["plain words 0"], "people ask at the end"


def test_throttling_is_waited_out_until_the_deadline(store: KendraStore, faults: Faults) -> None:
    store.replace(version("1"), pieces(1), [], soon())
    throttled = {"operation": "kendra.Retrieve", "error": "ThrottlingException"}
    try:
        faults.add({**throttled, "times": 2})
        assert found(store, "plain") == ["plain words 0"]
        faults.add(throttled)
        with pytest.raises(StoreUnavailable, match="ThrottlingException"):
            store.search(Query(tenant="acme", text="plain", mode="keyword"), Deadline.after(0.3))
    finally:
        faults.clear()
