"""The functions of the Aurora store in the database: a search is one call, with settings that hold inside it alone.

Inside bodies casts are written CAST(…) and assignments by "=": the Data API reads a colon as the start of a parameter.
"""

# "+ 0" hides the distance from HNSW indexes. A plan of its own for each filter: what it leaves decides over the index.
NEAREST_EXACT = """
CREATE OR REPLACE FUNCTION slipway.nearest_exact(
  wanted_tenant text, wanted halfvec, wanted_filter jsonpath, wanted_count integer
) RETURNS text[] LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_custom_plan
AS $body$
BEGIN
  RETURN ARRAY(SELECT c.chunk_id FROM slipway.chunks AS c WHERE c.tenant = wanted_tenant
    AND c.attributes @@ wanted_filter ORDER BY (c.embedding <=> wanted) + 0, c.chunk_id LIMIT wanted_count);
END
$body$"""

# Always by the index that carries the vectors, whatever the other tenants' sizes make of the average.
NEAREST_OF_ALL = """
CREATE OR REPLACE FUNCTION slipway.nearest_of_all(
  wanted_tenant text, wanted halfvec, wanted_count integer
) RETURNS text[] LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $body$
BEGIN
  RETURN ARRAY(SELECT c.chunk_id FROM slipway.chunks AS c WHERE c.tenant = wanted_tenant
    ORDER BY (c.embedding <=> wanted) + 0, c.chunk_id LIMIT wanted_count);
END
$body$"""

# Without sorting, the HNSW index is the only way left to the order that is asked for. The plan must be made for each
# call: only then is the tenant seen to be the one of a partial index. `share` is the part of the tenant's chunks that
# is thought to pass the filter; where fewer do, the scan goes on until it has enough of them or has seen 5,000.
NEAREST_INDEXED = """
CREATE OR REPLACE FUNCTION slipway.nearest_indexed(
  wanted_tenant text, wanted halfvec, wanted_filter jsonpath, wanted_count integer, share double precision
) RETURNS text[] LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_custom_plan
SET enable_sort = off
SET hnsw.ef_search = 40
SET hnsw.iterative_scan = strict_order
SET hnsw.max_scan_tuples = 5000
AS $body$
BEGIN
  PERFORM set_config('hnsw.ef_search',
    CAST(least(1000, greatest(40, ceil(wanted_count / share))) AS text), true);
  IF wanted_filter IS NULL THEN
    RETURN ARRAY(SELECT c.chunk_id FROM slipway.chunks AS c WHERE c.tenant = wanted_tenant
      ORDER BY c.embedding <=> wanted LIMIT wanted_count);
  END IF;
  RETURN ARRAY(SELECT c.chunk_id FROM slipway.chunks AS c WHERE c.tenant = wanted_tenant
    AND c.attributes @@ wanted_filter ORDER BY c.embedding <=> wanted LIMIT wanted_count);
END
$body$"""

# A sample of the tenant's chunks tells how many pass a filter. Of those, exact search reads every one; the HNSW index
# gives the nearest of all, of which one in 1 / share passes, and each costs it as much as some eight. At the usual
# `exact_up_to` of 4,000 the one costs as much as the other where share * share * chunks is 8 * wanted_count.
NEAREST = """
CREATE OR REPLACE FUNCTION slipway.nearest(
  wanted_tenant text, wanted halfvec, wanted_filter jsonpath, wanted_count integer, exact_up_to integer
) RETURNS text[] LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
AS $body$
DECLARE
  found text[];
  share double precision = 1;
  chunks double precision;
BEGIN
  -- Counted when the index was made and by each VACUUM; a large tenant has no fewer than makes it one.
  SELECT greatest(i.reltuples, exact_up_to) INTO chunks FROM slipway.large_tenants AS l
    JOIN pg_class AS i ON i.oid = to_regclass('slipway.chunks_near_' || md5(wanted_tenant))
    WHERE l.tenant = wanted_tenant;
  IF chunks IS NOT NULL THEN
    IF wanted_filter IS NOT NULL THEN
      SELECT COALESCE(avg(CAST(s.attributes @@ wanted_filter AS integer)), 0) INTO share FROM (
        SELECT c.attributes FROM slipway.chunks AS c WHERE c.tenant = wanted_tenant AND hashtext(c.chunk_id) & 31 = 0
        ORDER BY hashtext(c.chunk_id) LIMIT 256
      ) AS s;
    END IF;
    IF share * share * chunks > wanted_count * exact_up_to / 500.0 THEN
      found = slipway.nearest_indexed(wanted_tenant, wanted, wanted_filter, wanted_count, share);
    END IF;
    IF cardinality(found) = wanted_count THEN
      RETURN found;
    END IF;
  END IF;
  IF wanted_filter IS NULL THEN
    RETURN slipway.nearest_of_all(wanted_tenant, wanted, wanted_count);
  END IF;
  RETURN slipway.nearest_exact(wanted_tenant, wanted, wanted_filter, wanted_count);
END
$body$"""

# Words that a large part of all chunks has cost the most and tell the least: of those that ANALYZE has counted the
# rarest are taken, as many as are in some 2,000 chunks together, and at least one. A word that it has not counted is
# rare, or in no chunk at all.
RAREST = """
CREATE OR REPLACE FUNCTION slipway.rarest(question text) RETURNS tsquery[] LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
AS $body$
BEGIN
  RETURN (
    SELECT array_agg(CAST(quote_literal(rare.lexeme) AS tsquery)) FROM (
      SELECT asked.lexeme, common.share IS NULL AS is_rare, row_number() OVER by_share AS place,
        sum(common.share) OVER by_share AS shares
      FROM unnest(to_tsvector('english', question)) AS asked
      LEFT JOIN (
        SELECT e.lexeme, e.share FROM pg_stats AS p,
          unnest(CAST(CAST(p.most_common_elems AS text) AS text[]), p.most_common_elem_freqs) AS e(lexeme, share)
        WHERE p.schemaname = 'slipway' AND p.tablename = 'chunks' AND p.attname = 'keywords'
      ) AS common ON common.lexeme = asked.lexeme
      WINDOW by_share AS (PARTITION BY common.share IS NULL ORDER BY common.share, asked.lexeme)
    ) AS rare, pg_class AS counted
    WHERE counted.oid = CAST('slipway.chunks' AS regclass)
      AND (rare.is_rare OR rare.place = 1 OR rare.shares * counted.reltuples <= 2000)
  );
END
$body$"""

# What each word of a question is in. Of a large tenant only the rarest words are looked for, and no more is read of
# one that stands alone than is ranked. A small tenant's chunks are few: they are read for all words at once, so that
# what it finds does not depend on the words of others.
HOLDING = """
CREATE OR REPLACE FUNCTION slipway.holding(
  wanted_tenant text, question text, wanted_filter jsonpath, wanted_count integer, is_large boolean
) RETURNS TABLE (term tsquery, chunk_id text) LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_custom_plan
AS $body$
#variable_conflict use_column
DECLARE
  terms tsquery[] = slipway.rarest(question);
  any_term tsquery;
BEGIN
  IF is_large THEN
    RETURN QUERY SELECT asked.term, held.chunk_id FROM unnest(terms) AS asked(term) CROSS JOIN LATERAL (
      SELECT c.chunk_id FROM slipway.chunks AS c WHERE c.tenant = wanted_tenant AND c.keywords @@ asked.term
        AND (wanted_filter IS NULL OR c.attributes @@ wanted_filter)
      LIMIT CASE cardinality(terms) WHEN 1 THEN 4 * wanted_count ELSE 2000 END
    ) AS held;
    RETURN;
  END IF;
  SELECT array_agg(CAST(quote_literal(w.lexeme) AS tsquery)),
    CAST(string_agg(quote_literal(w.lexeme), ' | ') AS tsquery)
    INTO terms, any_term FROM unnest(to_tsvector('english', question)) AS w;
  RETURN QUERY WITH mine AS MATERIALIZED (
    SELECT c.chunk_id, c.keywords FROM slipway.chunks AS c WHERE c.tenant = wanted_tenant AND c.keywords @@ any_term
      AND (wanted_filter IS NULL OR c.attributes @@ wanted_filter)
  ) SELECT asked.term, m.chunk_id FROM unnest(terms) AS asked(term) JOIN mine AS m ON m.keywords @@ asked.term;
END
$body$"""

# A chunk is worth the inverse document frequency of each word it holds, times how often it holds it, which ts_rank
# damps: BM25 with k1 = .6 and b = 0, or nearly so. ts_rank alone weighs all words alike, and finds less. Reading chunks
# is what costs: only those whose words weigh most are ranked.
# Figures: docs/evaluation.md.
# Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), 3.1 (the weights).
MATCHING = """
CREATE OR REPLACE FUNCTION slipway.matching(
  wanted_tenant text, question text, wanted_filter jsonpath, wanted_count integer
) RETURNS text[] LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_custom_plan
AS $body$
DECLARE
  total double precision;
  is_large boolean;
BEGIN
  SELECT greatest(i.reltuples, 1) INTO total FROM slipway.large_tenants AS l
    JOIN pg_class AS i ON i.oid = to_regclass('slipway.chunks_near_' || md5(wanted_tenant))
    WHERE l.tenant = wanted_tenant;
  is_large = FOUND;
  IF NOT is_large THEN
    SELECT count(*) INTO total FROM slipway.chunks AS c WHERE c.tenant = wanted_tenant;
  END IF;
  RETURN ARRAY(
    WITH found AS MATERIALIZED (
      SELECT h.term, h.chunk_id
      FROM slipway.holding(wanted_tenant, question, wanted_filter, wanted_count, is_large) AS h
    ), weighed AS MATERIALIZED (
      SELECT f.term, ln(1 + (greatest(total, count(*)) - count(*) + 0.5) / (count(*) + 0.5)) AS weight
      FROM found AS f GROUP BY f.term
    ), likely AS (
      SELECT f.chunk_id FROM found AS f JOIN weighed AS w ON w.term = f.term
      GROUP BY f.chunk_id ORDER BY sum(w.weight) DESC, f.chunk_id LIMIT 4 * wanted_count
    )
    SELECT c.chunk_id FROM likely JOIN slipway.chunks AS c ON c.chunk_id = likely.chunk_id
    ORDER BY (
      SELECT sum(w.weight * ts_rank(CAST('{1,1,1,1}' AS real[]), c.keywords, w.term)) FROM weighed AS w
    ) DESC, c.chunk_id LIMIT wanted_count
  );
END
$body$"""

# Reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009) needs no common scale of the scores. Their k of 60
# is for many rankings of many places; of two, what stands at the top of one must count. Chosen on the one half of the
# questions of docs/evaluation.md: 2 to 10 do alike, 60 finds less.
SEARCH = """
CREATE OR REPLACE FUNCTION slipway.search_chunks(
  wanted_tenant text, wanted halfvec, question text, wanted_filter jsonpath, hits integer, candidates integer,
  exact_up_to integer
) RETURNS TABLE (
  chunk_id text, document_id text, path text, heading text, page integer, content text,
  score double precision, fused double precision, start_offset integer, end_offset integer
) LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
AS $body$
#variable_conflict use_column
DECLARE
  near text[] = CAST(ARRAY[] AS text[]);
  matching text[] = CAST(ARRAY[] AS text[]);
BEGIN
  IF wanted IS NOT NULL THEN
    near = slipway.nearest(wanted_tenant, wanted, wanted_filter, candidates, exact_up_to);
  END IF;
  IF question <> '' THEN
    matching = slipway.matching(wanted_tenant, question, wanted_filter, candidates);
  END IF;
  RETURN QUERY
    SELECT c.chunk_id, c.document_id, c.path, c.heading, c.page, c.content,
      COALESCE(1 - (c.embedding <=> wanted), 0) AS score, CAST(merged.total AS double precision) AS fused,
      c.start_offset, c.end_offset
    FROM (
      SELECT ranked.id, sum(1.0 / (10 + ranked.place)) AS total FROM (
        SELECT n.id, n.place FROM unnest(near) WITH ORDINALITY AS n(id, place)
        UNION ALL
        SELECT m.id, m.place FROM unnest(matching) WITH ORDINALITY AS m(id, place)
      ) AS ranked GROUP BY ranked.id
    ) AS merged
    JOIN slipway.chunks AS c ON c.chunk_id = merged.id AND c.tenant = wanted_tenant
    ORDER BY merged.total DESC, score DESC, c.chunk_id LIMIT hits;
END
$body$"""

# Writers wait while the index is built, a second or two at this size; readers do not.
INDEX_TENANT = """
CREATE OR REPLACE FUNCTION slipway.index_tenant(wanted_tenant text, exact_up_to integer) RETURNS boolean
LANGUAGE plpgsql
AS $body$
BEGIN
  IF EXISTS (SELECT 1 FROM slipway.large_tenants AS l WHERE l.tenant = wanted_tenant)
    OR (SELECT count(*) <= exact_up_to FROM (
      SELECT 1 FROM slipway.chunks AS c WHERE c.tenant = wanted_tenant LIMIT exact_up_to + 1) AS counted)
  THEN
    RETURN false;
  END IF;
  PERFORM pg_advisory_xact_lock(7235102);
  EXECUTE format(
    'CREATE INDEX IF NOT EXISTS %I ON slipway.chunks USING hnsw (embedding halfvec_cosine_ops) '
    'WITH (m = 16, ef_construction = 128) WHERE tenant = %L',
    'chunks_near_' || md5(wanted_tenant), wanted_tenant);
  INSERT INTO slipway.large_tenants VALUES (wanted_tenant) ON CONFLICT DO NOTHING;
  RETURN true;
END
$body$"""

ALL = (NEAREST_EXACT, NEAREST_OF_ALL, NEAREST_INDEXED, NEAREST, RAREST, HOLDING, MATCHING, SEARCH, INDEX_TENANT)
