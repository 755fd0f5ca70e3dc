"""The Aurora store on a real PostgreSQL with pgvector, through the Data API over HTTP."""

import random
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from slipway_runtime.operate.lineage import padded
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.chunk import Chunk
from slipway_runtime.retrieve.stores import schema
from slipway_runtime.retrieve.stores.aurora import AuroraStore
from slipway_runtime.retrieve.stores.contract import DocumentVersion, WrongDimensions
from slipway_runtime.retrieve.stores.data_api import StoreUnavailable
from support.database import database

DIMENSIONS = 8


def soon() -> Deadline:
    return Deadline.after(30)


def stamp(sequencer: str) -> str:
    """A small number as S3 would write it: 18 digits."""
    return padded(f"{sequencer:0>18}")


def version(sequencer: str, document: str = "doc_1", tenant: str = "acme") -> DocumentVersion:
    return DocumentVersion(
        tenant=tenant,
        document_id=document,
        path=f"{document}.md",
        title="Guide",
        sequencer=stamp(sequencer),
        source_version=f"v{sequencer}",
        rules="r1",
    )


def pieces(count: int, words: str = "plain words") -> list[Chunk]:
    return [
        Chunk(
            ordinal=index, start=index * 10, end=index * 10 + 9, content=f"{words} {index}", heading="A > B", page=None
        )
        for index in range(count)
    ]


def vectors(count: int, seed: int = 0) -> list[list[float]]:
    source = random.Random(seed)
    return [[source.gauss(0, 1) for _ in range(DIMENSIONS)] for _ in range(count)]


@pytest.fixture
def store(served_data_api) -> Iterator[AuroraStore]:
    made = AuroraStore(api=database(served_data_api))
    if made.api.execute(schema.DIMENSIONS) not in ([], [(DIMENSIONS,)]):
        made.api.execute("DROP SCHEMA slipway CASCADE")
    made.migrate(DIMENSIONS, soon())
    yield made
    made.api.execute("TRUNCATE slipway.chunks, slipway.documents")


def rows(store: AuroraStore, document: str = "doc_1") -> list[tuple]:
    sql = "SELECT chunk_id, content, source_version FROM slipway.chunks WHERE document_id = :document ORDER BY chunk_id"
    return store.api.execute(sql, {"document": document})


@pytest.mark.capability("R1")
def test_migration_is_idempotent_also_for_two_at_once(store: AuroraStore) -> None:
    store.replace(version("1"), pieces(2), vectors(2), soon())
    errors: list[Exception] = []

    def migrate() -> None:
        try:
            store.migrate(DIMENSIONS, soon())
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(rows(store)) == 2
    indexes = store.api.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = 'slipway' ORDER BY indexname")
    text = "\n".join(row[0] for row in indexes)
    assert "hnsw (embedding halfvec_cosine_ops)" in text
    assert "gin (keywords)" in text
    assert "btree (tenant, document_id)" in text


@pytest.mark.capability("R1")
def test_another_number_of_dimensions_is_refused_with_the_remedy(store: AuroraStore) -> None:
    with pytest.raises(WrongDimensions, match="has 8 dimensions, expected 16"):
        store.migrate(16, soon())
    with pytest.raises(WrongDimensions, match="vectors has 4 dimensions, expected 8"):
        store.replace(version("1"), pieces(1), [[0.1] * 4], soon())
    assert rows(store) == []
    store.replace(version("1"), pieces(1), vectors(1), soon())
    with pytest.raises(WrongDimensions, match="question's vector has 4"):
        store.search("acme", [0.1] * 4, "x", 5, soon())
    with pytest.raises(ValueError, match="Dimensions"):
        store.migrate(0, soon())


@pytest.mark.capability("R1")
def test_a_new_version_replaces_the_old_one_whole_and_an_old_one_changes_nothing(store: AuroraStore) -> None:
    assert store.replace(version("2"), pieces(5), vectors(5), soon())
    assert store.replace(version("10"), pieces(2, "new"), vectors(2), soon())
    after = rows(store)
    assert [row[1] for row in after] == ["new 0", "new 1"]
    assert not store.replace(version("3"), pieces(4, "stale"), vectors(4), soon())
    assert store.replace(version("10"), pieces(2, "new"), vectors(2), soon()), (
        "the same event again may repeat its work"
    )
    assert rows(store) == after


def test_a_document_without_chunks_removes_those_it_had(store: AuroraStore) -> None:
    store.replace(version("1"), pieces(3), vectors(3), soon())
    assert store.replace(version("2"), [], [], soon())
    assert rows(store) == []
    assert store.replace(version("2"), pieces(1), vectors(1), soon())


def test_touch_moves_the_version_and_keeps_the_chunks(store: AuroraStore) -> None:
    assert not store.touch(version("1"), soon()), "nothing is there yet"
    store.replace(version("2"), pieces(2), vectors(2), soon())
    assert store.touch(version("3"), soon())
    assert [row[2] for row in rows(store)] == ["v3", "v3"]
    assert not store.touch(version("2"), soon())


def test_a_deletion_holds_against_late_events(store: AuroraStore) -> None:
    store.replace(version("5"), pieces(3), vectors(3), soon())
    assert store.delete("acme", "doc_1", stamp("4"), soon()) is None
    assert store.delete("acme", "doc_1", stamp("6"), soon()) == 3
    assert store.delete("acme", "doc_1", stamp("6"), soon()) == 0
    for late in ("5", "6"):
        assert not store.replace(version(late), pieces(1), vectors(1), soon())
        assert not store.touch(version(late), soon())
    assert store.replace(version("7"), pieces(1), vectors(1), soon())
    assert store.delete("acme", "doc_1", stamp("1"), soon(), force=True) == 1
    assert not store.replace(version("7"), pieces(1), vectors(1), soon())


def test_a_tenant_can_neither_replace_nor_delete_what_another_one_holds(store: AuroraStore) -> None:
    """Ids are made of the tenant too, so this guards against a mistake, not against a name."""
    store.replace(version("5"), pieces(2), vectors(2), soon())
    before = rows(store)
    assert not store.replace(version("9", tenant="other"), pieces(1), vectors(1), soon())
    assert not store.delete("other", "doc_1", stamp("9"), soon())
    assert not store.delete("other", "doc_1", stamp("9"), soon(), force=True)
    assert rows(store) == before
    assert store.replace(version("6"), pieces(1), vectors(1), soon())


def test_a_delete_before_any_create_is_remembered(store: AuroraStore) -> None:
    assert store.delete("acme", "doc_9", stamp("6"), soon()) == 0
    assert not store.replace(version("5", "doc_9"), pieces(1), vectors(1), soon())


def test_two_writers_at_once_leave_one_whole_version_the_newest(store: AuroraStore) -> None:
    done: dict[str, bool] = {}
    start = threading.Barrier(6)

    def write(sequencer: str, count: int) -> None:
        start.wait()
        done[sequencer] = store.replace(version(sequencer), pieces(count, f"s{sequencer}"), vectors(count), soon())

    threads = [threading.Thread(target=write, args=(str(number), number + 2)) for number in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done["6"]
    assert [row[1] for row in rows(store)] == [f"s6 {index}" for index in range(8)]


def test_an_error_in_the_middle_changes_nothing(store: AuroraStore) -> None:
    store.replace(version("1"), pieces(2), vectors(2), soon())
    twice = [*pieces(1), replace(pieces(1)[0], content="same ordinal")]
    with pytest.raises(Exception, match="duplicate key"):
        store.replace(version("2"), twice, vectors(2), soon())
    assert [row[2] for row in rows(store)] == ["v1", "v1"]
    assert store.replace(version("2"), pieces(1), vectors(1), soon())


@pytest.mark.capability("R1")
def test_search_fuses_meaning_and_keywords_within_the_tenant(store: AuroraStore) -> None:
    store.replace(version("1"), pieces(20), vectors(20), soon())
    store.replace(version("1", "doc_2"), pieces(1, "error code ZX-4711 explained"), vectors(1, 99), soon())
    store.replace(version("1", "doc_3", "other"), pieces(1, "error code ZX-4711 explained"), vectors(1), soon())
    found = store.search("acme", vectors(20)[7], "What does ZX-4711 mean?", 5, soon())
    assert {found[0].chunk_id, found[1].chunk_id} == {"doc_1#00007", "doc_2#00000"}
    assert next(hit.score for hit in found if hit.chunk_id == "doc_1#00007") == pytest.approx(1, abs=0.01)
    assert found[0].heading == "A > B"
    assert {hit.document_id for hit in found} <= {"doc_1", "doc_2"}
    assert store.search("nobody", vectors(1)[0], "words", 5, soon()) == []


def test_the_keywords_of_a_long_message_are_those_at_its_end(store: AuroraStore) -> None:
    """50 candidates stand nearer by meaning, so only the keywords can bring the document up."""
    store.replace(version("1"), pieces(60), [[1.0] + [0.01 * n] * 7 for n in range(60)], soon())
    store.replace(version("1", "doc_2"), pieces(1, "error code ZX-4711 explained"), [[-1.0] + [0.0] * 7], soon())
    pasted = "some log line\n" * 1_000
    found = store.search("acme", [1.0] + [0.0] * 7, pasted + "What does ZX-4711 mean?", 5, soon())
    assert "doc_2#00000" in {hit.chunk_id for hit in found}


@pytest.mark.parametrize("question", ["", "the of and", "a & b | !c <-> 'quote' :* \\", "x" * 10_000, "日本語", "100%"])
def test_any_text_is_a_question(store: AuroraStore, question: str) -> None:
    store.replace(version("1"), pieces(3), vectors(3), soon())
    assert len(store.search("acme", vectors(1)[0], question, 5, soon())) == 3


@pytest.mark.capability("R1")
def test_search_finds_the_true_neighbours_for_small_and_large_tenants(store: AuroraStore) -> None:
    """A small tenant beside a large one is where a filtered HNSW scan loses most of its rows."""
    small, large = vectors(60, 1), vectors(1_500, 2)
    store.replace(version("1", "doc_s", "small"), pieces(60), small, soon())
    store.replace(version("1", "doc_l", "large"), pieces(1_500), large, soon())
    indexed = AuroraStore(api=store.api, exact_up_to_chunks=100)
    for tenant, document, data in (("small", "doc_s", small), ("large", "doc_l", large)):
        recalled = 0
        for seed in range(10):
            query = vectors(1, 100 + seed)[0]
            hits = indexed.search(tenant, query, "", 10, soon())
            nearest = sorted(range(len(data)), key=lambda index: -cosine(query, data[index]))[:10]
            recalled += len({f"{document}#{index:05d}" for index in nearest} & {hit.chunk_id for hit in hits})
        assert recalled >= 97


def cosine(one: list[float], other: list[float]) -> float:
    dot = sum(a * b for a, b in zip(one, other, strict=True))
    return dot / (sum(a * a for a in one) * sum(b * b for b in other)) ** 0.5


def test_a_large_document_goes_in_several_requests_of_one_transaction(store: AuroraStore) -> None:
    """5 MB of quotes and umlauts, which JSON in JSON makes several times as long; a request holds 4 MiB."""
    chunks = [replace(piece, content='ü"' * 1_250) for piece in pieces(2_000)]
    assert store.replace(version("1"), chunks, vectors(2_000), soon())
    [(count, longest)] = store.api.execute("SELECT count(*), max(length(content)) FROM slipway.chunks")
    assert (count, longest) == (2_000, 2_500)


@pytest.mark.capability("R1")
def test_a_resuming_database_is_waited_for_within_the_deadline(served_data_api, store: AuroraStore) -> None:
    sleeps: list[float] = []
    patient = AuroraStore(api=database(served_data_api, sleeps))
    served_data_api.pause(0.3)
    assert patient.replace(version("1"), pieces(2), vectors(2), soon())
    assert len(sleeps) >= 2
    assert len(set(sleeps)) == len(sleeps), "waits are jittered"
    served_data_api.pause(0.3)
    with pytest.raises(StoreUnavailable, match="DatabaseResumingException"):
        patient.search("acme", vectors(1)[0], "x", 5, Deadline.after(0.05))
    patient.search("acme", vectors(1)[0], "x", 5, soon())
