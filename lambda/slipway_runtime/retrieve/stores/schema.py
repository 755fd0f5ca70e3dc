"""The SQL of the Aurora store: every statement may run again and again.

DDL takes no parameters, so the one number in it is checked to be an integer. Inside function bodies casts are
written CAST(…) and assignments by "=": the Data API reads a colon as the start of a parameter.
Sources: pgvector README (halfvec, HNSW, iterative index scans); measured here: the planner's defaults find 7 to 76 %
of a small tenant's nearest chunks through HNSW, so a small tenant is scanned exactly, and a large one iteratively.
"""

# The halfvec type indexes at most 4,000 dimensions; above 1,024 a row no longer fits a page with STORAGE PLAIN.
MAX_DIMENSIONS = 1024
# Up to here an exact scan in (tenant, document) order is as fast as the index and misses nothing.
EXACT_UP_TO_CHUNKS = 10_000

CHUNKS = """
CREATE TABLE IF NOT EXISTS slipway.chunks (
  chunk_id text COLLATE "C" PRIMARY KEY,
  tenant text COLLATE "C" NOT NULL,
  document_id text COLLATE "C" NOT NULL,
  ordinal integer NOT NULL,
  content text NOT NULL,
  embedding halfvec({dimensions}) NOT NULL,
  path text NOT NULL,
  title text NOT NULL,
  heading text NOT NULL,
  page integer,
  start_offset integer NOT NULL,
  end_offset integer NOT NULL,
  source_version text NOT NULL,
  rules text NOT NULL,
  attributes jsonb NOT NULL DEFAULT '{{}}',
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

# The settings hold inside this function only, so one Data API call needs no transaction around it. Reciprocal rank
# fusion with k = 60 (Cormack, Clarke and Buettcher, SIGIR 2009) needs no common scale of the two scores.
SEARCH = """
CREATE OR REPLACE FUNCTION slipway.search_chunks(
  wanted_tenant text, wanted halfvec, question text, wanted_filter jsonpath, hits integer, candidates integer,
  exact_up_to integer
) RETURNS TABLE (
  chunk_id text, document_id text, path text, heading text, page integer, content text,
  score double precision, fused double precision
) LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_custom_plan
SET hnsw.iterative_scan = strict_order
SET hnsw.ef_search = 100
SET hnsw.max_scan_tuples = 100000
AS $body$
#variable_conflict use_column
DECLARE
  few boolean;
  terms tsquery;
  nearest text[];
  matching text[];
BEGIN
  SELECT count(*) <= exact_up_to INTO few
    FROM (SELECT 1 FROM slipway.chunks AS c WHERE c.tenant = wanted_tenant LIMIT exact_up_to + 1) AS counted;
  IF wanted IS NULL THEN
    nearest = CAST(ARRAY[] AS text[]);
  ELSIF few THEN
    -- "+ 0" hides the distance from the HNSW index.
    nearest = ARRAY(SELECT c.chunk_id FROM slipway.chunks AS c WHERE c.tenant = wanted_tenant
      AND (wanted_filter IS NULL OR c.attributes @@ wanted_filter)
      ORDER BY (c.embedding <=> wanted) + 0, c.chunk_id LIMIT candidates);
  ELSE
    nearest = ARRAY(SELECT c.chunk_id FROM slipway.chunks AS c WHERE c.tenant = wanted_tenant
      AND (wanted_filter IS NULL OR c.attributes @@ wanted_filter)
      ORDER BY c.embedding <=> wanted LIMIT candidates);
  END IF;
  SELECT CAST(string_agg(quote_literal(lexeme), ' | ') AS tsquery) INTO terms
    FROM unnest(to_tsvector('english', question));
  matching = ARRAY(SELECT c.chunk_id FROM slipway.chunks AS c WHERE c.tenant = wanted_tenant AND c.keywords @@ terms
      AND (wanted_filter IS NULL OR c.attributes @@ wanted_filter)
    ORDER BY ts_rank(c.keywords, terms) DESC, c.chunk_id LIMIT candidates);
  RETURN QUERY
    SELECT c.chunk_id, c.document_id, c.path, c.heading, c.page, c.content,
      COALESCE(1 - (c.embedding <=> wanted), 0) AS score, CAST(merged.total AS double precision) AS fused
    FROM (
      SELECT ranked.id, sum(1.0 / (60 + ranked.place)) AS total FROM (
        SELECT n.id, n.place FROM unnest(nearest) WITH ORDINALITY AS n(id, place)
        UNION ALL
        SELECT m.id, m.place FROM unnest(matching) WITH ORDINALITY AS m(id, place)
      ) AS ranked GROUP BY ranked.id
    ) AS merged
    JOIN slipway.chunks AS c ON c.chunk_id = merged.id AND c.tenant = wanted_tenant
    ORDER BY merged.total DESC, score DESC, c.chunk_id LIMIT hits;
END
$body$"""


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
        CHUNKS.format(dimensions=dimensions),
        "ALTER TABLE slipway.chunks ALTER COLUMN embedding SET STORAGE PLAIN",
        # What stores of schema version 1 lack.
        "ALTER TABLE slipway.chunks ADD COLUMN IF NOT EXISTS attributes jsonb NOT NULL DEFAULT '{}'",
        "DROP FUNCTION IF EXISTS slipway.search_chunks(text, halfvec, text, integer, integer, integer)",
        "CREATE INDEX IF NOT EXISTS chunks_tenant_document ON slipway.chunks (tenant, document_id)",
        "CREATE INDEX IF NOT EXISTS chunks_keywords ON slipway.chunks USING gin (keywords)",
        "CREATE INDEX IF NOT EXISTS chunks_embedding ON slipway.chunks "
        "USING hnsw (embedding halfvec_cosine_ops) WITH (m = 16, ef_construction = 128)",
        SEARCH,
    ]


# One transaction at a time may migrate: "IF NOT EXISTS" alone races in the catalogue.
LOCK = "SELECT 1 FROM (SELECT pg_advisory_xact_lock(7235101)) AS locked"
DIMENSIONS = """
SELECT a.atttypmod FROM pg_attribute AS a
WHERE a.attrelid = to_regclass('slipway.chunks') AND a.attname = 'embedding' AND NOT a.attisdropped"""

# The guard takes the row lock of the document, so a second writer waits here until the first has committed, and then
# sees
# its sequencer. Equal sequencers are the same event again, which may repeat its work unless a deletion came between.
CLAIM = """
INSERT INTO slipway.documents AS d (document_id, tenant, sequencer, deleted)
VALUES (:document_id, :tenant, :sequencer, false)
ON CONFLICT (document_id) DO UPDATE SET sequencer = excluded.sequencer, deleted = false
WHERE d.tenant = excluded.tenant
  AND (d.sequencer < excluded.sequencer OR (d.sequencer = excluded.sequencer AND NOT d.deleted))
RETURNING d.document_id"""
CLAIM_EXISTING = """
UPDATE slipway.documents AS d SET sequencer = :sequencer
WHERE d.document_id = :document_id AND d.tenant = :tenant AND NOT d.deleted AND d.sequencer <= :sequencer
RETURNING d.document_id"""
BURY = """
INSERT INTO slipway.documents AS d (document_id, tenant, sequencer, deleted)
VALUES (:document_id, :tenant, :sequencer, true)
ON CONFLICT (document_id) DO UPDATE SET sequencer = greatest(d.sequencer, excluded.sequencer), deleted = true
WHERE d.tenant = excluded.tenant AND (:force OR d.sequencer <= excluded.sequencer)
RETURNING d.document_id"""
REMOVE = """
WITH gone AS (DELETE FROM slipway.chunks WHERE tenant = :tenant AND document_id = :document_id RETURNING 1)
SELECT count(*) FROM gone"""
STAMP = """
UPDATE slipway.chunks SET source_version = :source_version, path = :path,
  attributes = attributes || CAST(:attributes AS jsonb)
WHERE tenant = :tenant AND document_id = :document_id"""
# The rows travel as one JSON parameter: one round trip for hundreds of chunks, where a batch statement runs each alone.
INSERT = """
INSERT INTO slipway.chunks (chunk_id, tenant, document_id, ordinal, content, embedding, path, title, heading, page,
  start_offset, end_offset, source_version, rules, attributes)
SELECT r.chunk_id, :tenant, :document_id, r.ordinal, r.content, CAST(r.embedding AS halfvec), :path, :title,
r.heading, r.page, r.start_offset, r.end_offset, :source_version, :rules, r.attributes
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(chunk_id text, ordinal integer, content text, embedding text,
  heading text, page integer, start_offset integer, end_offset integer,
  attributes jsonb)"""
FIND = """
SELECT chunk_id, document_id, path, heading, page, content, score, fused
FROM slipway.search_chunks(:tenant, CAST(:embedding AS halfvec), :question, CAST(:filter AS jsonpath),
  CAST(:hits AS integer),
  CAST(:candidates AS integer), CAST(:exact_up_to AS integer))"""
COUNT = """
SELECT count(*) FROM slipway.chunks
WHERE tenant = :tenant AND (CAST(:filter AS jsonpath) IS NULL OR attributes @@ CAST(:filter AS jsonpath))"""
