"""The store's own schema and functions in the embedded PostgreSQL, called directly: what the Data API adds is AWS's."""

import contextlib
import json
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from _retrieve.corpus import DIMENSIONS, Corpus, literal
from slipway_local.postgres import Postgres
from slipway_runtime.retrieve.stores.aurora import schema, statements

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
        host, port = postgres.ensure_cluster("bench", "arn:bench", "slipway", "password", "slipway")
        try:
            with psycopg.connect(
                host=host, port=port, user="slipway", password="password", dbname="slipway", autocommit=True
            ) as connection:
                # Aurora gives a quarter of memory to shared buffers and builds indexes with far more than the default.
                connection.execute("SET maintenance_work_mem = '1GB'")
                for statement in schema.migration(DIMENSIONS):
                    connection.execute(statement)
                yield connection
        finally:
            postgres.stop()


def attributes_of(row: int) -> dict[str, int | str]:
    """Return what a chunk can be filtered by: the remainder by each of `PARTS`, and what every document has."""
    own = {"document_id": f"doc_{row:032d}", "path": f"guides/part-{row % 97}/{row}.md"}
    return {**{f"of_{part}": row % part for part in PARTS}, **own}


def rows_as_json(corpus: Corpus, chosen: range) -> str:
    """Return chunks as the store sends them."""
    return json.dumps(
        [
            {
                "chunk_id": f"doc_{row:032d}#00000",
                "ordinal": 0,
                "content": corpus.texts[row],
                "embedding": literal(corpus.vectors[row]),
                "heading": "",
                "page": None,
                "start_offset": 0,
                "end_offset": 100,
                "attributes": attributes_of(row),
            }
            for row in chosen
        ]
    )


def load(connection: Any, corpus: Corpus, tenant_of: Any) -> float:
    """Insert everything by the store's statement, and return the seconds that the database took."""
    seconds = 0.0
    sql = named(statements.INSERT)
    for begin in range(0, len(corpus.texts), BATCH):
        rows = range(begin, min(begin + BATCH, len(corpus.texts)))
        for tenant in sorted({tenant_of(row) for row in rows}):
            mine = [row for row in rows if tenant_of(row) == tenant]
            values = {
                "tenant": tenant,
                "document_id": f"doc_{begin}",
                "path": "a.md",
                "title": "",
                "source_version": "1",
                "rules": "r",
                "rows": rows_as_json(corpus, mine),  # type: ignore[arg-type]
            }
            began = time.perf_counter()
            connection.execute(sql, values)
            seconds += time.perf_counter() - began
    return seconds
