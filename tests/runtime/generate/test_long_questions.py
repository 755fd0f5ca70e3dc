"""A long message is searched for by its end, within what the embedding model takes."""

import pytest

from slipway_runtime.generate.answer import Answerer, Retrieval
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.embed import Embedder
from slipway_runtime.retrieve.embedding.choose import bedrock_model
from slipway_runtime.retrieve.search import Searcher
from slipway_runtime.retrieve.stores.aurora import schema
from slipway_runtime.retrieve.stores.aurora.store import AuroraStore
from support.database import database


@pytest.mark.parametrize("filler", ["word ", "日本"])
def test_the_end_of_a_long_question_is_embedded(served_data_api, scripted_bedrock, filler: str) -> None:
    store = AuroraStore(api=database(served_data_api))
    width = store.api.execute(schema.DIMENSIONS)
    if not width:
        store.migrate(8, Deadline.after(30))
    dimensions = width[0][0] if width else 8
    scripted_bedrock.app.script = [(200, "", {"embedding": [1.0] + [0.0] * (dimensions - 1)})]
    answerer = Answerer(
        searcher=Searcher(
            embedder=Embedder(model=bedrock_model(scripted_bedrock.client, "amazon.titan-x", dimensions)),
            store=store,
        ),
        model=None,
        retrieval=Retrieval(top_k=5, min_score=0.3, context_max_tokens=500),
    )
    question = filler * (43_000 // len(filler)) + "How much sun?"
    assert answerer.retrieve("nobody", question, Deadline.after(30)) == []
    [(_, body)] = scripted_bedrock.app.requests
    assert body["inputText"].endswith("How much sun?")
    assert 7_990 < len(body["inputText"].encode()) <= 8_000
