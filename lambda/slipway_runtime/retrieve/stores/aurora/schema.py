"""The tables and indexes of the Aurora store, and the statements that make or complete them, again and again.

DDL takes no parameters, so the one number in it is checked to be an integer.

Vectors are found in one of two ways, by the size of the tenant: a small one is read whole from an index in the order of
tenants that carries the vectors, and misses nothing; a large one has an HNSW index of its own, partial by tenant. One
index for all, which is pgvector's default, finds 7 to 76 % of a small tenant's nearest chunks, since it looks for them
among everybody's. Figures: benchmarks/retrieve.py.
Sources: pgvector README (halfvec, HNSW, filtering); PostgreSQL documentation, 11.8 "Partial Indexes", 11.9 "Index-Only
Scans and Covering Indexes".
"""

import functools
import re

from slipway_runtime.retrieve.stores.aurora import functions

# The halfvec type indexes at most 4,000 dimensions; above 1,024 a row no longer fits a page with STORAGE PLAIN, nor an
# entry of a B-tree, which holds 2,704 bytes.
MAX_DIMENSIONS = 1024

# What a search reads of many rows comes first.
CHUNKS = """
CREATE TABLE IF NOT EXISTS slipway.chunks (
  chunk_id text COLLATE "C" PRIMARY KEY,
  tenant text COLLATE "C" NOT NULL,
  attributes jsonb NOT NULL DEFAULT '{{}}',
  embedding halfvec({dimensions}) NOT NULL,
  document_id text COLLATE "C" NOT NULL,
  ordinal integer NOT NULL,
  content text NOT NULL,
  path text NOT NULL,
  title text NOT NULL,
  heading text NOT NULL,
  page integer,
  start_offset integer NOT NULL,
  end_offset integer NOT NULL,
  parent_start integer,
  parent_end integer,
  source_version text NOT NULL,
  rules text NOT NULL,
  keywords tsvector NOT NULL GENERATED ALWAYS AS (
    setweight(to_tsvector('english', title || ' ' || heading), 'B') || to_tsvector('english', content)
  ) STORED
)"""

# Keeps a row for a deleted document, so that an event that comes late cannot bring it back.
DOCUMENTS = """
CREATE TABLE IF NOT EXISTS slipway.documents (
  document_id text COLLATE "C" PRIMARY KEY,
  tenant text COLLATE "C" NOT NULL,
  sequencer text COLLATE "C" NOT NULL,
  deleted boolean NOT NULL
)"""

# The tenants that have an HNSW index of their own.
LARGE_TENANTS = """
CREATE TABLE IF NOT EXISTS slipway.large_tenants (
  tenant text COLLATE "C" PRIMARY KEY
)"""

# A part of each tenant's chunks by chance, in an order by chance: what is common among them is common in the tenant.
SAMPLED = """
CREATE INDEX IF NOT EXISTS chunks_sampled ON slipway.chunks (tenant, hashtext(chunk_id))
WHERE hashtext(chunk_id) & 31 = 0"""


def migration(dimensions: int) -> list[str]:
    """Return the statements that make or complete the schema for vectors of `dimensions` numbers.

    Raises: ValueError unless it is 1 to 1,024.
    """
    if not isinstance(dimensions, int) or not 1 <= dimensions <= MAX_DIMENSIONS:
        raise ValueError(f"Dimensions is {dimensions!r}, expected a whole number from 1 to {MAX_DIMENSIONS}")
    return [
        "CREATE EXTENSION IF NOT EXISTS vector",
        "CREATE SCHEMA IF NOT EXISTS slipway",
        DOCUMENTS,
        LARGE_TENANTS,
        CHUNKS.format(dimensions=dimensions),
        "ALTER TABLE slipway.chunks ALTER COLUMN embedding SET STORAGE PLAIN",
        *FROM_EARLIER_VERSIONS,
        # A plan of a search tries the filter on this many values; the sample of the tenant's tells better.
        "ALTER TABLE slipway.chunks ALTER COLUMN attributes SET STATISTICS 10",
        "CREATE INDEX IF NOT EXISTS chunks_tenant_document ON slipway.chunks (tenant, document_id)",
        "CREATE INDEX IF NOT EXISTS chunks_tenant_embedding ON slipway.chunks (tenant) INCLUDE (chunk_id, embedding)",
        "CREATE INDEX IF NOT EXISTS chunks_keywords ON slipway.chunks USING gin (keywords)",
        "CREATE INDEX IF NOT EXISTS chunks_attributes ON slipway.chunks USING gin (attributes jsonb_path_ops)",
        SAMPLED,
        # Loads the extension's library: until a session has it, who is no superuser may not name its settings.
        "SELECT CAST('[1]' AS halfvec) <=> CAST('[1]' AS halfvec)",
        *functions.ALL,
    ]


def knowledge_base(dimensions: int) -> list[str]:
    """Return the statements that make the table of a Bedrock knowledge base, which Bedrock alone writes to.

    Source: Amazon Bedrock user guide, "Prerequisites for using a vector store you created for a knowledge base".
    """
    table = "bedrock_integration.knowledge_base"
    return [
        "CREATE SCHEMA IF NOT EXISTS bedrock_integration",
        f"CREATE TABLE IF NOT EXISTS {table} (id uuid PRIMARY KEY, embedding vector({dimensions}), chunks text, "
        "metadata json, custom_metadata jsonb)",
        "CREATE INDEX IF NOT EXISTS knowledge_base_embedding "
        f"ON {table} USING hnsw (embedding vector_cosine_ops) WITH (ef_construction = 256)",
        f"CREATE INDEX IF NOT EXISTS knowledge_base_chunks ON {table} USING gin (to_tsvector('simple', chunks))",
        f"CREATE INDEX IF NOT EXISTS knowledge_base_metadata ON {table} USING gin (custom_metadata)",
    ]


# What stores of earlier schema versions have otherwise.
FROM_EARLIER_VERSIONS = (
    "ALTER TABLE slipway.chunks ADD COLUMN IF NOT EXISTS attributes jsonb NOT NULL DEFAULT '{}'",
    "ALTER TABLE slipway.chunks ADD COLUMN IF NOT EXISTS parent_start integer",
    "ALTER TABLE slipway.chunks ADD COLUMN IF NOT EXISTS parent_end integer",
    "DROP INDEX IF EXISTS slipway.chunks_embedding",
    "DROP FUNCTION IF EXISTS slipway.search_chunks(text, halfvec, text, integer, integer, integer)",
    # Of version 2: what a function returns cannot be changed in place.
    "DROP FUNCTION IF EXISTS slipway.search_chunks(text, halfvec, text, jsonpath, integer, integer, integer)",
    "DROP FUNCTION IF EXISTS slipway.nearest_indexed(text, halfvec, jsonpath, integer)",
)
# Of another generation: each has a schema of its own.
DROP = "DROP SCHEMA IF EXISTS slipway CASCADE"
# One transaction at a time may migrate: "IF NOT EXISTS" alone races in the catalogue.
LOCK = "SELECT 1 FROM (SELECT pg_advisory_xact_lock(7235101)) AS locked"
DIMENSIONS = """
SELECT a.atttypmod FROM pg_attribute AS a
WHERE a.attrelid = to_regclass('slipway.chunks') AND a.attname = 'embedding' AND NOT a.attisdropped"""


@functools.cache
def named(sql: str, generation: int) -> str:
    """Return a statement for the schema of a generation: `slipway` is the first's, `slipway_g2` the second's."""
    if not isinstance(generation, int) or generation < 1:
        raise ValueError(f"generation is {generation!r}, expected a whole number from 1")
    return sql if generation == 1 else re.sub(r"\bslipway\b", f"slipway_g{generation}", sql)
