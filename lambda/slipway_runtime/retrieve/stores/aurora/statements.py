"""The statements of the Aurora store: each takes its values as parameters, and may run again."""

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
  attributes = CAST(:attributes AS jsonb)
    || jsonb_strip_nulls(jsonb_build_object('document_id', document_id, 'page', page))
WHERE tenant = :tenant AND document_id = :document_id"""
# The rows travel as one JSON parameter: one round trip for hundreds of chunks, where a batch statement runs each alone.
INSERT = """
INSERT INTO slipway.chunks (chunk_id, tenant, document_id, ordinal, content, embedding, path, title, heading, page,
  start_offset, end_offset, parent_start, parent_end, source_version, rules, attributes)
SELECT r.chunk_id, :tenant, :document_id, r.ordinal, r.content, CAST(r.embedding AS halfvec), :path, :title,
r.heading, r.page, r.start_offset, r.end_offset, r.parent_start, r.parent_end, :source_version, :rules, r.attributes
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(chunk_id text, ordinal integer, content text, embedding text,
  heading text, page integer, start_offset integer, end_offset integer, parent_start integer, parent_end integer,
  attributes jsonb)"""
FIND = """
SELECT chunk_id, document_id, path, heading, page, content, score, fused, start_offset, end_offset
FROM slipway.search_chunks(:tenant, CAST(:embedding AS halfvec), :question, CAST(:filter AS jsonpath),
  CAST(:hits AS integer),
  CAST(:candidates AS integer), CAST(:exact_up_to AS integer))"""
COUNT = """
SELECT count(*) FROM slipway.chunks
WHERE tenant = :tenant AND (CAST(:filter AS jsonpath) IS NULL OR attributes @@ CAST(:filter AS jsonpath))"""
# A page of what is there, in the order of an index.
INVENTORY = """
SELECT tenant, document_id, count(*) FROM slipway.chunks WHERE (tenant, document_id) > (:tenant, :document_id)
GROUP BY tenant, document_id ORDER BY tenant, document_id LIMIT 2000"""
# A large tenant that has no index of its own yet gets one; says whether it did now.
INDEX_TENANT = "SELECT slipway.index_tenant(:tenant, CAST(:exact_up_to AS integer))"
INDEX_TENANTS = """
SELECT slipway.index_tenant(t.tenant, CAST(:exact_up_to AS integer)) FROM
  (SELECT DISTINCT tenant FROM slipway.documents) AS t"""
