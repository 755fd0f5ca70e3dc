"""Search by the store's own functions in the embedded PostgreSQL: recall and time, by size of tenant and filter.

    python benchmarks/retrieve.py [--json] [--rows 100000] [--queries 300]

The server has shared buffers of 1 GB, as Aurora has at 1 ACU, where the local cloud's has 128 MB: what is measured is
search in an index that memory holds. The time of loading is from the first request to the last answer, what is sent
made before, by one writer and by two; each chunk has eight attributes. Beside them on the same rows: pgvector as it
comes (one HNSW index for all tenants), the same with iterative scan, and faiss's HNSW in memory as the limit. Goals:
unfiltered recall@10 of .99 with p99 of 1.5 ms; recall of .99 at every selectivity with p50 of 1 ms and always ten
results; hybrid p50 of 5 ms; 15,000 rows a second in.
Units: milliseconds of one call on one connection, round trip included, one after the other with nothing between them;
recall@10 against an exact search in float32.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from _prepare.peers import python_of_peers, run
from _retrieve.corpus import SHARES, Corpus, generate
from _retrieve.database import PARTS, database, load, named

from slipway_runtime.retrieve.stores.aurora import statements
from slipway_runtime.retrieve.stores.aurora.literal import literal
from slipway_runtime.retrieve.stores.aurora.store import CANDIDATES, EXACT_UP_TO_CHUNKS

Results = Iterator[tuple[str, dict[str, Any]]]
K = 10
PLAIN = "SELECT chunk_id FROM slipway.chunks WHERE tenant = %s ORDER BY embedding <=> %s::halfvec LIMIT 10"
GLOBAL_INDEX = (
    "CREATE INDEX pgvector_default ON slipway.chunks USING hnsw (embedding halfvec_cosine_ops) "
    "WITH (m = 16, ef_construction = 128)"
)


def row_of(chunk_id: str) -> int:
    """Return the row that a chunk was made of."""
    return int(chunk_id[4:36])


def measured(corpus: Corpus, rows: np.ndarray, search: Callable[[int], list[int]]) -> dict[str, Any]:
    """Return recall, times and how many queries gave less than ten rows."""
    for query in range(20):
        search(query)
    times, found = [], list[list[int]]()
    for query in range(len(corpus.queries)):
        began = time.perf_counter()
        found.append(search(query))
        times.append((time.perf_counter() - began) * 1000)
    # Afterwards: the exact search reads 150 MB, which would throw the index out of the processor's caches each time.
    right = sum(len(set(hits) & corpus.nearest(query, rows, K)) for query, hits in enumerate(found))
    times.sort()
    return {
        "recall": round(right / K / len(times), 4),
        "p50_ms": round(statistics.median(times), 3),
        "p99_ms": round(times[int(len(times) * 0.99)], 3),
        "short": sum(len(hits) < K for hits in found),
    }


def searcher(connection: Any, corpus: Corpus, tenant: str, *, question: bool = False, **filter_: str) -> Any:
    """Return a search by the store's function."""
    sql, vectors = named(statements.FIND), literals(corpus)

    def search(query: int) -> list[int]:
        values = {
            "tenant": tenant,
            "embedding": vectors[query],
            "question": corpus.questions[query] if question else "",
            "filter": filter_.get("path"),
            "hits": K,
            "candidates": CANDIDATES if question else K,
            "exact_up_to": EXACT_UP_TO_CHUNKS,
        }
        return [row_of(row[0]) for row in connection.execute(sql, values).fetchall()]

    return search


def literals(corpus: Corpus) -> list[str]:
    """Return the queries' vectors as they are sent."""
    return [literal(vector.tolist()) for vector in corpus.queries]


def tenants(connection: Any, corpus: Corpus) -> Results:
    """Measure each tenant by the store, then by pgvector as it comes."""
    rows = {name: np.where(corpus.tenants == name)[0] for name in SHARES}
    for name in SHARES:
        yield f"tenant {name}", measured(corpus, rows[name], searcher(connection, corpus, name))
    for (tenant,) in connection.execute("SELECT tenant FROM slipway.large_tenants").fetchall():
        connection.execute(f"DROP INDEX slipway.chunks_near_{_md5(connection, tenant)}")
    connection.execute("DROP INDEX slipway.chunks_tenant_embedding")
    connection.execute(GLOBAL_INDEX)
    connection.execute("VACUUM ANALYZE slipway.chunks")
    vectors = literals(corpus)
    for scan in ("off", "strict_order"):
        connection.execute(f"SET hnsw.iterative_scan = {scan}")
        peer = "pgvector as it comes" if scan == "off" else "pgvector, iterative scan"
        connection.execute(f"SET enable_bitmapscan = {'on' if scan == 'off' else 'off'}")
        connection.execute(f"SET enable_sort = {'on' if scan == 'off' else 'off'}")
        for name in SHARES:

            def plain(query: int, name: str = name) -> list[int]:
                return [row_of(row[0]) for row in connection.execute(PLAIN, (name, vectors[query]))]

            yield f"tenant {name}: {peer}", measured(corpus, rows[name], plain)


def _md5(connection: Any, tenant: str) -> str:
    return str(connection.execute("SELECT md5(%s)", (tenant,)).fetchone()[0])


def one_tenant(corpus: Corpus) -> Results:
    """Measure a store of one tenant: loading, search without filter, with filters, and hybrid."""
    everything = np.arange(len(corpus.texts))
    for writers in (1, 2):
        with database() as connection:
            seconds = load(connection, corpus, lambda _row: "one", writers=writers)
            yield f"ingest, {writers} at once", {"rows_per_second": round(len(corpus.texts) / seconds)}
    with database() as connection:
        load(connection, corpus, lambda _row: "one")
        yield "build of the vector index", {"seconds": round(indexed(connection), 1)}
        yield from searches(connection, corpus, everything)


def indexed(connection: Any) -> float:
    """Build the vector index of the one tenant, and return the seconds it took."""
    began = time.perf_counter()
    connection.execute("SELECT slipway.index_tenant('one', %s)", (EXACT_UP_TO_CHUNKS,))
    seconds = time.perf_counter() - began
    connection.execute("VACUUM ANALYZE slipway.chunks")
    return seconds


def searches(connection: Any, corpus: Corpus, everything: np.ndarray) -> Results:
    """Measure a tenant's searches without filter, with filters, and hybrid."""
    yield "unfiltered", measured(corpus, everything, searcher(connection, corpus, "one"))
    for part in PARTS:
        search = searcher(connection, corpus, "one", path=f'exists($."of_{part}" ? (@ == 1))')
        yield f"attribute {100 / part:g} %", measured(corpus, everything[everything % part == 1], search)
    hybrid = measured(corpus, everything, searcher(connection, corpus, "one", question=True))
    yield "hybrid", {name: figure for name, figure in hybrid.items() if name != "recall"}


def faiss(corpus: Corpus) -> dict[str, Any]:
    """Return the figures of faiss in memory, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "vectors.npz", vectors=corpus.vectors, queries=corpus.queries)
        path = Path(folder) / "corpus.jsonl"
        path.write_text(json.dumps(str(Path(folder) / "vectors.npz")) + "\n")
        found = run(python_of_peers(), "retrieve_faiss", path)["found"]
    everything = np.arange(len(corpus.texts))
    right = sum(len(set(rows) & corpus.nearest(query, everything, K)) for query, rows in enumerate(found["rows"]))
    return {"recall": round(right / K / len(found["rows"]), 4), "p50_ms": found["p50_ms"], "p99_ms": found["p99_ms"]}


def everything(corpus: Corpus) -> Results:
    """Measure all; the peer that must be installed comes first."""
    yield "unfiltered: faiss HNSW in memory", faiss(corpus)
    yield from one_tenant(corpus)
    with database() as connection:
        load(connection, corpus, lambda row: str(corpus.tenants[row]))
        for name in SHARES:
            connection.execute("SELECT slipway.index_tenant(%s, %s)", (name, EXACT_UP_TO_CHUNKS))
        connection.execute("VACUUM ANALYZE slipway.chunks")
        yield from tenants(connection, corpus)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--rows", type=int, default=100_000, help="chunks in the store (default 100000)")
    parser.add_argument("--queries", type=int, default=300, help="queries of each kind (default 300)")
    arguments = parser.parse_args()
    corpus, results = generate(arguments.rows, arguments.queries), dict[str, Any]()
    print(f"{arguments.rows} rows, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    for name, figures in everything(corpus):
        results[name] = figures
        line = f"{name:38}" + "  ".join(f"{key} {value}" for key, value in figures.items())
        print(line, file=sys.stderr if arguments.json else sys.stdout, flush=True)
    if arguments.json:
        print(json.dumps({"load": os.getloadavg()[0], "rows": arguments.rows, **results}, indent=2))


if __name__ == "__main__":
    sys.exit(main())
