"""What is the Aurora store's own, on a real PostgreSQL with pgvector, through the Data API over HTTP."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.filters import Equals
from slipway_runtime.retrieve.stores.aurora.store import AuroraStore
from slipway_runtime.retrieve.stores.contract import Query, StoreUnavailable
from support.database import database
from support.store_values import DIMENSIONS, cosine, pieces, soon, vectors, version


@pytest.fixture
def store(served_data_api) -> Iterator[AuroraStore]:
    made = AuroraStore(api=database(served_data_api))
    made.api.execute("DROP SCHEMA IF EXISTS slipway CASCADE")
    made.migrate(DIMENSIONS, soon())
    yield made
    made.api.execute("DROP SCHEMA slipway CASCADE")


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
    assert "btree (tenant) INCLUDE (chunk_id, embedding)" in text
    assert "gin (keywords)" in text
    assert "btree (tenant, document_id)" in text


def test_an_error_in_the_middle_changes_nothing(store: AuroraStore) -> None:
    store.replace(version("1"), pieces(2), vectors(2), soon())
    twice = [*pieces(1), replace(pieces(1)[0], content="same ordinal")]
    with pytest.raises(Exception, match="duplicate key"):
        store.replace(version("2"), twice, vectors(2), soon())
    assert [row[2] for row in rows(store)] == ["v1", "v1"]
    assert store.replace(version("2"), pieces(1), vectors(1), soon())


def test_the_keywords_of_a_long_message_are_those_at_its_end(store: AuroraStore) -> None:
    """50 candidates stand nearer by meaning, so only the keywords can bring the document up."""
    store.replace(version("1"), pieces(60), [[1.0] + [0.01 * n] * 7 for n in range(60)], soon())
    store.replace(version("1", "doc_2"), pieces(1, "error code ZX-4711 explained"), [[-1.0] + [0.0] * 7], soon())
    pasted = "some log line\n" * 1_000
    found = store.search(
        Query(tenant="acme", vector=[1.0] + [0.0] * 7, text=pasted + "What does ZX-4711 mean?", limit=5), soon()
    )
    assert "doc_2#00000" in {hit.chunk_id for hit in found}


@pytest.mark.capability("R1")
def test_small_and_large_tenants_get_their_true_neighbours_and_always_as_many_as_asked_for(store: AuroraStore) -> None:
    """A small tenant beside a large one is where a filtered HNSW scan loses most of its rows."""
    indexed = AuroraStore(api=store.api, exact_up_to_chunks=100)
    small, large = vectors(60, 1), vectors(1_500, 2)
    indexed.replace(version("1", "doc_s", "small"), pieces(60), small, soon())
    indexed.replace(version("1", "doc_l", "la'rge", {"kind": "a"}), pieces(1_500), large, soon())
    indexed.replace(version("1", "doc_m", "la'rge", {"kind": "b"}), pieces(50), vectors(50, 3), soon())
    assert indexed_tenants(store) == ["la'rge"]
    for tenant, document, data in (("small", "doc_s", small), ("la'rge", "doc_l", large)):
        recalled = 0
        for seed in range(10):
            query = vectors(1, 100 + seed)[0]
            wanted = Equals("eq", "document_id", document)
            hits = indexed.search(Query(tenant=tenant, vector=query, mode="vector", limit=10, filter=wanted), soon())
            nearest = sorted(range(len(data)), key=lambda index: -cosine(query, data[index]))[:10]
            assert len(hits) == 10
            recalled += len({f"{document}#{index:05d}" for index in nearest} & {hit.chunk_id for hit in hits})
        assert recalled >= 97
    few = Query(tenant="la'rge", vector=vectors(1)[0], mode="vector", limit=30, filter=Equals("eq", "kind", "b"))
    assert {hit.document_id for hit in indexed.search(few, soon())} == {"doc_m"}
    assert len(indexed.search(few, soon())) == 30


@pytest.mark.capability("R1")
@pytest.mark.parametrize(("kind", "chunks"), [("many", 1_500), ("some", 400), ("few", 12)])
def test_whatever_a_filter_leaves_of_a_large_tenant_its_nearest_are_found(
    store: AuroraStore, kind: str, chunks: int
) -> None:
    """By the HNSW index where a sample says that many pass, else among those that do."""
    indexed = AuroraStore(api=store.api, exact_up_to_chunks=100)
    held = {"many": vectors(1_500, 1), "some": vectors(400, 2), "few": vectors(12, 3)}
    for name, data in held.items():
        indexed.replace(version("1", f"doc_{name}", "large", {"kind": name}), pieces(len(data)), data, soon())
    recalled = 0
    for seed in range(10):
        query = vectors(1, 100 + seed)[0]
        wanted = Query(tenant="large", vector=query, mode="vector", limit=10, filter=Equals("eq", "kind", kind))
        hits = indexed.search(wanted, soon())
        nearest = sorted(range(chunks), key=lambda index: -cosine(query, held[kind][index]))[:10]
        assert len(hits) == 10
        recalled += len({f"doc_{kind}#{index:05d}" for index in nearest} & {hit.chunk_id for hit in hits})
    assert recalled >= 97


def test_a_word_that_every_chunk_has_finds_no_more_than_it_would_rank(store: AuroraStore) -> None:
    store.replace(version("1"), pieces(400, "common"), vectors(400), soon())
    [(found,)] = store.api.execute("SELECT cardinality(slipway.matching('acme', 'common', NULL, 50))")
    assert found == 50
    hits = store.search(Query(tenant="acme", text="common", mode="keyword", limit=10), soon())
    assert len(hits) == 10


@pytest.mark.capability("R1")
def test_what_words_find_does_not_depend_on_the_words_of_others(store: AuroraStore) -> None:
    """Words that are common in the table, and one in no chunk: neither leaves a tenant without what it has."""
    indexed = AuroraStore(api=store.api, exact_up_to_chunks=1_000)

    def found(tenant: str, text: str) -> list[str]:
        query = Query(tenant=tenant, text=text, mode="keyword", limit=5)
        return [hit.chunk_id for hit in indexed.search(query, soon())]

    indexed.replace(version("1", "mine", "small"), pieces(10, "The invoice of the customer"), vectors(10), soon())
    before = found("small", "overdue invoice reminder")
    indexed.replace(version("1", "theirs", "large"), pieces(4_000, "an invoice"), vectors(4_000), soon())
    store.api.execute("ANALYZE slipway.chunks")

    assert indexed_tenants(indexed) == ["large"]
    assert len(before) == 5
    assert found("small", "overdue invoice reminder") == before
    assert len(found("large", "invoice zxqy")) == 5
    assert found("large", "zxqy") == []


def indexed_tenants(store: AuroraStore) -> list[str]:
    """Return the tenants with an index of their own, as the catalogue of the database has them."""
    found = store.api.execute("SELECT tenant FROM slipway.large_tenants")
    predicates = store.api.execute("SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'chunks_near_%'")
    assert len(predicates) == len(found)
    return [row[0] for row in found]


def test_a_store_of_the_first_schema_is_brought_up_to_date_with_what_it_holds(store: AuroraStore) -> None:
    store.replace(version("1", "doc_l", "large"), pieces(300), vectors(300), soon())
    store.api.execute("ALTER TABLE slipway.chunks DROP COLUMN attributes")
    store.api.execute("CREATE INDEX chunks_embedding ON slipway.chunks USING hnsw (embedding halfvec_cosine_ops)")
    AuroraStore(api=store.api, exact_up_to_chunks=100).migrate(DIMENSIONS, soon())
    assert indexed_tenants(store) == ["large"]
    assert store.api.execute("SELECT 1 FROM pg_indexes WHERE indexname = 'chunks_embedding'") == []
    assert len(store.search(Query(tenant="large", vector=vectors(1)[0], mode="vector", limit=5), soon())) == 5


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
        patient.search(Query(tenant="acme", vector=vectors(1)[0], text="x", limit=5), Deadline.after(0.05))
    patient.search(Query(tenant="acme", vector=vectors(1)[0], text="x", limit=5), soon())


@pytest.mark.capability("R5")
def test_the_migration_makes_the_table_of_a_knowledge_base_where_there_is_one(store: AuroraStore) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.VectorDB.html"""
    columns = (
        "SELECT column_name, udt_name FROM information_schema.columns "
        "WHERE table_schema = 'bedrock_integration' AND table_name = 'knowledge_base' ORDER BY column_name"
    )
    assert store.api.execute(columns) == []
    knowing = replace(store, knowledge_base=True)
    for _ in range(2):
        knowing.migrate(DIMENSIONS, soon())
    try:
        assert [tuple(row) for row in store.api.execute(columns)] == [
            ("chunks", "text"),
            ("custom_metadata", "jsonb"),
            ("embedding", "vector"),
            ("id", "uuid"),
            ("metadata", "json"),
        ]
        made = store.api.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = 'bedrock_integration'")
        definitions = " ".join(str(row[0]) for row in made)
        assert all(kind in definitions for kind in ("hnsw (embedding vector_cosine_ops)", "to_tsvector('simple'"))
    finally:
        store.api.execute("DROP SCHEMA bedrock_integration CASCADE")
