"""What is S3 Vectors' own: limits, throttling, replaced versions, writers that were cut short.

Errors: https://docs.aws.amazon.com/AmazonS3/latest/API/API_S3VectorBuckets_PutVectors.html (429, 503).
"""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from slipway_local.faults import Faults
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.chunk import MAX_CHARACTERS, Chunk
from slipway_runtime.retrieve.filters import Compare, Compound, Equals, Not, OneOf
from slipway_runtime.retrieve.stores.contract import MAX_ATTRIBUTES_BYTES, DocumentVersion, Query, StoreUnavailable
from slipway_runtime.retrieve.stores.s3_vectors import rows
from slipway_runtime.retrieve.stores.s3_vectors.filter_document import filter_document
from slipway_runtime.retrieve.stores.s3_vectors.service import VectorBucket
from slipway_runtime.retrieve.stores.s3_vectors.store import S3VectorsStore
from support.s3_vectors import ServedVectors, served_s3_vectors
from support.store_values import DIMENSIONS, pieces, soon, stamp, vectors, version
from support.waiting import wait_for

pytestmark = pytest.mark.capability("R4")


@pytest.fixture(scope="module")
def faults() -> Faults:
    return Faults()


@pytest.fixture(scope="module")
def served(faults: Faults) -> Iterator[ServedVectors]:
    with served_s3_vectors(faults) as made:
        yield made


@pytest.fixture
def store(served: ServedVectors) -> S3VectorsStore:
    made = served.store(served.bucket())
    made.migrate(DIMENSIONS, soon())
    return made


def put(store: S3VectorsStore, made: DocumentVersion, count: int, words: str = "plain words") -> bool:
    return store.replace(made, pieces(count, words), vectors(count), soon())


def keys(store: S3VectorsStore, tenant: str = "acme") -> set[str]:
    return {each["key"] for each in store.bucket.list(rows.index_of(tenant), soon(), metadata=False)}


def ask(store: S3VectorsStore, limit: int = 5, **other: Any) -> list[str]:
    query = Query(tenant="acme", vector=vectors(1)[0], text="plain words", limit=limit, **other)
    return [hit.content for hit in store.search(query, soon())]


def test_the_largest_chunk_with_the_most_attributes_fits(store: S3VectorsStore) -> None:
    """8,000 characters of four bytes, a path of 1,024 bytes and 1 KB of attributes, in 40 KB and 2 KB."""
    attributes: dict[str, Any] = {f"attribute-{n}": "long value " * 7 for n in range(9)}
    attributes["x" * 63] = 1
    assert MAX_ATTRIBUTES_BYTES - 120 < len(json.dumps(attributes)) <= MAX_ATTRIBUTES_BYTES
    made = DocumentVersion(
        tenant="acme",
        document_id="doc_1",
        path="ü" * 512,
        title="Guide",
        sequencer=stamp("1"),
        source_version="v1",
        rules="r1",
        attributes=attributes,
    )
    text = "😀" * MAX_CHARACTERS
    chunk = Chunk(ordinal=0, start=0, end=MAX_CHARACTERS, content=text, heading="😀" * 9_000, page=7)

    assert store.replace(made, [chunk], vectors(1), soon())

    wanted = Compound("and", (Equals("eq", "path", made.path), Equals("eq", "attribute-3", "long value " * 7)))
    wanted = Compound("and", (wanted, Compare("lte", "x" * 63, 1), OneOf("nin", "path", ("ü", made.path + "x"))))
    assert ask(store, filter=wanted) == [text]
    assert ask(store, filter=Not(wanted)) == []


def test_as_many_attributes_as_a_vector_takes_are_kept_and_more_are_refused(store: S3VectorsStore) -> None:
    """50 metadata keys: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-limitations.html"""
    assert put(store, version("1", attributes={f"k{n}": n for n in range(45)}), 1)
    with pytest.raises(ValueError, match="has 48 attributes, expected at most 47"):
        put(store, version("2", attributes={f"k{n}": n for n in range(46)}), 1)


def test_negation_goes_down_to_the_comparisons() -> None:
    wanted = Not(Compound("or", (Compare("gt", "year", 3), Equals("ne", "language", "en"))))

    assert filter_document(wanted) == {
        "$and": [
            {"$or": [{"n_year": {"$exists": False}}, {"n_year": {"$lte": 3}}]},
            {"$or": [{"s_language": {"$in": ["en"]}}]},
        ]
    }


def test_many_chunks_go_in_several_requests_and_all_of_them_go(store: S3VectorsStore) -> None:
    assert put(store, version("1"), 1_203)
    assert store.count("acme", soon()) == 1_203
    assert len(ask(store, limit=100)) == 100
    assert put(store, version("2"), 2)
    assert keys(store) == {"doc_1#00000@2", "doc_1#00001@2"}
    assert store.delete("acme", "doc_1", stamp("3"), soon()) == 2
    assert keys(store) == set()


def test_a_writer_that_was_cut_short_shows_nothing_and_the_next_one_cleans_up(store: S3VectorsStore) -> None:
    put(store, version("1"), 3, "old")
    claimed = store.guards.claim("acme", "doc_1", stamp("2"))
    assert claimed
    half = [
        rows.row(version("2"), claimed.claim, *pair) for pair in zip(pieces(150, "half"), vectors(150), strict=True)
    ]
    store.bucket.put(rows.index_of("acme"), half, rows.index_settings(DIMENSIONS), soon())

    assert set(ask(store)) == {"old 0", "old 1", "old 2"}
    assert store.count("acme", soon()) == store.count("acme", soon(), Not(Equals("eq", "a", 1))) == 3

    assert put(store, version("2"), 2, "new")
    assert set(ask(store)) == {"new 0", "new 1"}
    assert len(keys(store)) == 2


def test_readers_see_one_whole_version_at_every_moment(store: S3VectorsStore) -> None:
    """Versions have other numbers of chunks, so that a mixture, a part or nothing would be noticed."""
    put(store, version("1"), 2, "v1")
    done = threading.Event()
    seen: list[set[str]] = []

    def read() -> None:
        while not done.is_set():
            seen.append(set(ask(store, limit=40)))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(2, 30):
        assert put(store, version(str(number)), number % 5 + 1, f"v{number}")
        before = len(seen)
        assert wait_for(lambda before=before: len(seen) > before + 1, seconds=30)
    done.set()
    for reader in readers:
        reader.join()
    whole = [{f"v{number} {n}" for n in range(number % 5 + 1)} for number in range(1, 30)]
    assert seen
    assert [each for each in seen if each not in whole] == []


def test_touching_with_another_path_moves_the_chunks_and_with_the_same_one_writes_nothing(
    store: S3VectorsStore,
) -> None:
    put(store, version("1", attributes={"a": 1}), 3)
    before = keys(store)
    assert store.touch(version("2", attributes={"a": 1}), soon())
    assert keys(store) == before
    assert store.touch(version("3", attributes={"a": 2}), soon())
    assert store.count("acme", soon(), Equals("eq", "a", 2)) == 3
    assert len(keys(store)) == 3
    assert ask(store) == ask(store, filter=Equals("eq", "a", 2))


def test_the_first_writers_of_a_tenant_make_its_index_together(store: S3VectorsStore) -> None:
    start = threading.Barrier(4)

    def write(number: int) -> None:
        start.wait()
        put(store, version("1", f"doc_{number}"), 1)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.count("acme", soon()) == 4


def fail(faults: Faults, error: str, **rule: Any) -> None:
    faults.add({"operation": "s3vectors.*", "error": error, **rule})


@pytest.mark.parametrize("error", ["TooManyRequestsException", "ServiceUnavailableException"])
def test_throttling_is_waited_out_and_nothing_is_lost(store: S3VectorsStore, faults: Faults, error: str) -> None:
    fail(faults, error, rate=0.4, seed=7)
    try:
        assert put(store, version("1"), 5)
        assert put(store, version("2"), 4)
        assert len(ask(store)) == 4
        assert store.count("acme", soon()) == 4
        assert store.delete("acme", "doc_1", stamp("3"), soon()) == 4
    finally:
        faults.clear()
    assert keys(store) == set()


def test_a_store_that_is_down_says_so_before_the_deadline_and_the_write_can_be_repeated(
    store: S3VectorsStore, faults: Faults
) -> None:
    put(store, version("1"), 2, "old")
    fail(faults, "ServiceUnavailableException", rate=1.0)
    try:
        with pytest.raises(StoreUnavailable, match="ServiceUnavailableException"):
            store.replace(version("2"), pieces(1, "new"), vectors(1), Deadline.after(0.2))
        with pytest.raises(StoreUnavailable, match="in time"):
            store.search(Query(tenant="acme", vector=vectors(1)[0], text="x"), Deadline.after(0.2))
        assert not store.health(Deadline.after(0.2)).ok
    finally:
        faults.clear()
    assert set(ask(store)) == {"old 0", "old 1"}
    assert put(store, version("2"), 1, "new")
    assert ask(store) == ["new 0"]


def test_an_answer_that_was_lost_is_asked_for_again(store: S3VectorsStore, faults: Faults) -> None:
    fail(faults, "InternalServerException", rate=0.4, seed=3, after=True)
    try:
        assert put(store, version("1"), 5)
        assert put(store, version("2"), 3)
    finally:
        faults.clear()
    assert store.count("acme", soon()) == 3
    assert len(keys(store)) == 3


def test_a_bucket_without_settings_is_not_ready(served: ServedVectors) -> None:
    made = served.store(served.bucket())
    assert made.health(soon()).detail == "the vector bucket has no settings: the migration has not run"
    with pytest.raises(StoreUnavailable, match="migration has not run"):
        ask(made)
    with pytest.raises(ValueError, match="5000, expected 1 to 4096"):
        made.migrate(5_000, soon())


def test_the_tenants_name_is_no_part_of_a_request(store: S3VectorsStore) -> None:
    for tenant in ("acme/../other", "ACME", "a.b", "x" * 300, "日本"):
        name = rows.index_of(tenant)
        assert name.isascii()
        assert len(name) == 50
        assert name != rows.index_of("acme")
    assert isinstance(store.bucket, VectorBucket)
