"""The store's own schema and functions in the embedded PostgreSQL, called directly: what the Data API adds is AWS's."""

import contextlib
import json
import re
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg

from _retrieve.corpus import DIMENSIONS, Corpus
from slipway_local.postgres import Postgres
from slipway_local.postgres_server import PostgresServer
from slipway_runtime.retrieve.stores.aurora import schema, statements
from slipway_runtime.retrieve.stores.aurora.literal import literal

BATCH = 1_000
# A filter by `of_10` leaves a tenth of the chunks.
PARTS = (2, 5, 10, 50, 100, 500)


def named(statement: str) -> str:
    """Return a statement of the Data API with psycopg's parameters."""
    return re.sub(r":([a-z_]+)", r"%(\1)s", statement.replace("%", "%%"))


@contextlib.contextmanager
def database() -> Iterator[Any]:
    """Give a connection to a database of its own that has the schema."""
    with tempfile.TemporaryDirectory() as folder:
        postgres = Postgres(Path(folder))
        try:
            postgres.ensure_cluster("bench", "arn:bench", "slipway", "password", "slipway")
            # Aurora has no other cache than its shared buffers, and gives them three quarters of memory: 1.5 GB of the
            # smallest capacity unit. The local cloud's 128 MB do not hold the index of one large tenant.
            with PostgresServer(Path(folder) / "postgres" / "bench").superuser_connection() as superuser:
                superuser.execute("ALTER SYSTEM SET shared_buffers = '1GB'")
            postgres.stop()
            host, port = postgres.ensure_cluster("bench", "arn:bench", "slipway", "password", "slipway")
            with connect(f"host={host} port={port} user=slipway password=password dbname=slipway") as connection:
                # Aurora builds indexes with far more than PostgreSQL's default.
                connection.execute("SET maintenance_work_mem = '1GB'")
                for statement in schema.migration(DIMENSIONS):
                    connection.execute(statement)
                yield connection
        finally:
            postgres.stop()


def connect(target: str) -> Any:
    """Return a connection that commits each statement."""
    return psycopg.connect(target, autocommit=True)


def attributes_of(row: int) -> dict[str, int | str]:
    """Return what a chunk can be filtered by: the remainder by each of `PARTS`, and what every document has."""
    own = {"document_id": f"doc_{row:032d}", "path": f"guides/part-{row % 97}/{row}.md"}
    return {**{f"of_{part}": row % part for part in PARTS}, **own}


def rows_as_json(corpus: Corpus, chosen: Iterable[int]) -> str:
    """Return chunks as the store sends them."""
    return json.dumps(
        [
            {
                "chunk_id": f"doc_{row:032d}#00000",
                "ordinal": 0,
                "content": corpus.texts[row],
                "embedding": literal(corpus.vectors[row].tolist()),
                "heading": "",
                "page": None,
                "start_offset": 0,
                "end_offset": 100,
                "attributes": attributes_of(row),
            }
            for row in chosen
        ]
    )


def load(connection: Any, corpus: Corpus, tenant_of: Any, *, writers: int = 1) -> float:
    """Insert everything by the store's statement, and return the seconds from the first request to the last answer.

    What is sent is made before. `writers` send at once, as functions that take documents from a queue do.
    """
    sql, requests = named(statements.INSERT), list(_requests(corpus, tenant_of))
    target = f"{connection.info.dsn} password=password"
    connections = [connect(target) for _ in range(writers)]
    waiting = iter(requests)
    lock = threading.Lock()

    def write(writer: Any) -> None:
        while True:
            with lock:
                values = next(waiting, None)
            if values is None:
                return
            writer.execute(sql, values)

    began = time.perf_counter()
    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, connections))
    seconds = time.perf_counter() - began
    for each in connections:
        each.close()
    return seconds


def _requests(corpus: Corpus, tenant_of: Any) -> Iterator[dict[str, str]]:
    for begin in range(0, len(corpus.texts), BATCH):
        rows = range(begin, min(begin + BATCH, len(corpus.texts)))
        for tenant in sorted({tenant_of(row) for row in rows}):
            yield {
                "tenant": tenant,
                "document_id": f"doc_{begin}",
                "path": "a.md",
                "title": "",
                "source_version": "1",
                "rules": "r",
                "rows": rows_as_json(corpus, [row for row in rows if tenant_of(row) == tenant]),
            }
