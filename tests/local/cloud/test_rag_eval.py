"""An evaluation in the local cloud, with policies enforced and a scripted model server that answers and judges.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
"""

import json
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from slipway_cli import rag_eval
from slipway_cli.errors import CommandError
from slipway_cli.gateway import Gateway
from slipway_cli.target import Target
from slipway_local import cloud
from support import trial
from support.augmentation import ingest
from support.scripted_judge import ScriptedJudge
from support.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.capability("R9"), pytest.mark.timeout(600)]
SETTINGS = """
removal: destroy
termination_protection: false
models:
  default: {grounded: true, routes: [{bedrock: 'eu.amazon.nova-lite-v1:0'}]}
  judge: {grounded: true, routes: [{bedrock: 'anthropic.claude-haiku-4-5-20251001-v1:0'}]}
answering:
  reranker: cohere.rerank-v3-5:0
evaluation:
  enabled: true
  judge: judge
"""
DOCUMENTS = {
    "default/garden.md": "# Garden\n\n## Tomatoes\n\nTomatoes need six hours of sun a day.\n\n## Compost\n\nTurn it.\n",
    "default/boiler.md": "# Boiler\n\nPress the red button of the X200 for ten seconds to reset the boiler.\n",
}
QUESTIONS = [
    {
        "question": "How many hours of sun do tomatoes need?",
        "relevant": [{"document": "garden.md", "passage": "six hours of sun"}],
        "answers": ["Tomatoes need six hours of sun a day"],
    },
    {"question": "Which button resets the X200?", "relevant": [{"document": "boiler.md"}]},
    {"question": "Which button resets the X200?", "relevant": [{"document": "boiler.md"}],
     "filter": {"type": "eq", "key": "path", "value": "garden.md"}},
]  # fmt: skip


class Model(ScriptedJudge):
    answer = "Tomatoes need six hours of sun a day. [1]"
    asked: list[dict] = []


def written(lines: list[dict[str, Any]]) -> bytes:
    return b"\n".join(json.dumps(line).encode() for line in lines)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("evaluation")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SLIPWAY_MODEL_URL", f"http://127.0.0.1:{server.server_port}/v1")
        found = trial.up(folder, SETTINGS)
    ingest(found, DOCUMENTS)
    gateway = Gateway(found.gateway_url, found.api_key)
    assert wait_for(lambda: len(list(gateway.documents(status="indexed"))) == len(DOCUMENTS), seconds=120)
    yield found
    report = cloud.permissions(folder / "state")
    cloud.down(folder / "state")
    server.shutdown()
    server.server_close()
    assert {one["role"]: one["denied"] for one in report["roles"] if one["denied"]} == {}


def test_search_and_answers_are_measured_and_judged(target: Target, tmp_path: Path) -> None:
    wanted = {"answers": True, "judge": True, "model": "default"}
    summary = rag_eval.run(target, "judged", written(QUESTIONS), wanted)
    assert summary["questions"] == 3
    assert summary["judge"] == "anthropic.claude-haiku-4-5-20251001-v1:0"
    for mode in ("hybrid", "vector", "keyword"):
        assert summary["ranking"][mode]["recall@5"]["mean"] == pytest.approx(2 / 3), "the third filter shuts it out"
    # The server gives every question one answer: it stands in the context of the first and third only.
    files = {file.name: file for file in rag_eval.fetch(target, "judged", tmp_path)}
    assert set(files) == {"report.json", "report.md", "search.svg", "answers.svg"}
    rows = json.loads(files["report.json"].read_bytes())["rows"]
    first, second, third = rows
    assert first["metrics"]["exact_match"] == first["metrics"]["f1"] == 1
    assert first["metrics"]["faithfulness"] == first["metrics"]["cites_relevant"] == 1
    assert first["metrics"]["answer_relevance"] == pytest.approx(1, abs=0.01)
    assert second["metrics"]["answer_relevance"] < 0.6
    assert third["ranking"]["hybrid"]["recall@10"] == 0
    assert [verdict["supported"] for verdict in first["answered"]["verdicts"]] == [True]
    assert "| 1 | How many hours of sun do tomatoes need? |" in files["report.md"].read_text()


def test_search_alone_asks_no_model(target: Target) -> None:
    before = len(Model.asked)
    summary = rag_eval.run(target, "search", written(QUESTIONS), {"answers": False, "judge": False, "model": "default"})
    assert summary["answers"] == {}
    assert len(Model.asked) == before


@pytest.mark.parametrize(
    ("run_id", "lines", "wanted", "said"),
    [
        ("wrong-line", [QUESTIONS[0], {"question": "?"}], {}, "line 2: neither `relevant` nor `answers`"),
        ("wrong-model", QUESTIONS, {"model": "nobody"}, "nobody"),
    ],
)
def test_what_cannot_be_evaluated_says_why(
    target: Target, run_id: str, lines: list[dict[str, Any]], wanted: dict[str, Any], said: str
) -> None:
    with pytest.raises(CommandError, match="ended as FAILED") as caught:
        rag_eval.run(target, run_id, written(lines), {"answers": True, "judge": False, "model": "default"} | wanted)
    assert said in str(caught.value)


def test_a_judge_that_fails_its_control_cases_is_not_used(target: Target) -> None:
    Model.fair = False
    try:
        with pytest.raises(CommandError, match="cannot judge"):
            rag_eval.run(target, "unfit", written(QUESTIONS), {"answers": True, "judge": True, "model": "default"})
    finally:
        Model.fair = True


@pytest.mark.capability("R8")
def test_the_gateway_searches(target: Target) -> None:
    gateway = Gateway(target.gateway_url, target.api_key)
    page = gateway.call("POST", "/search", {"query": "sun for tomatoes", "max_num_results": 1})
    assert [result["filename"] for result in page["data"]] == ["garden.md"]
    assert 0 < page["data"][0]["slipway"]["rank_score"] <= 1, "the reranker's score"
    wanted = {"type": "eq", "key": "path", "value": "boiler.md"}
    answer = gateway.call(
        "POST",
        "/chat/completions",
        {"model": "default", "messages": [{"role": "user", "content": "How do I reset it?"}], "filters": wanted},
    )
    assert {each["document"] for each in answer["slipway"]["citations"]} == {"boiler.md"}
