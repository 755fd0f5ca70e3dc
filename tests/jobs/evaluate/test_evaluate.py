"""The program on items whose metrics are known, with given answers; then the gate on its reports."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from slipway_runtime.evaluate.gate.decide import decide
from slipway_runtime.evaluate.gate.policy import MetricRule, Policy
from slipway_runtime.evaluate.gate.scores import read
from support.evaluating import ITEMS, evaluate, write

pytestmark = [pytest.mark.slow, pytest.mark.capability("P4"), pytest.mark.usefixtures("requirements")]
# sacrebleu 2.6.0, rouge-score 0.1.2, nltk 3.10.4 and pycocoevalcap 1.2, called by hand on these items.
CORPUS = {
    "bleu": 26.651886251415785,
    "chrf": 59.95138130235712,
    "chrf++": 59.230786579340375,
    "ter": 33.9622641509434,
    "cider": 3.653411155618476,
}
EACH = {
    "rouge1": [0.8333333333, 0.8888888889, 0.4761904762],
    "rouge2": [0.6, 0.875, 0.3157894737],
    "rougeL": [0.8333333333, 0.8888888889, 0.4761904762],
    "rougeLsum": [0.8333333333, 0.8888888889, 0.4761904762],
    "cider": [3.7323365962623263, 5.055054552438421, 2.1728423181546797],
    "exact_match": [0.0, 0.0, 0.0],
}
# With WordNet where NLTK_DATA has it, else by equal words and stems.
METEOR = {True: [0.806667, 0.888021, 0.468909], False: [0.806667, 0.888021, 0.409174]}
OTHERS: list[dict[str, Any]] = [
    {"id": "good", "prompt": "Fine weather?", "label": "good", "prediction": "Good."},
    {"id": "bad", "prompt": "Rain?", "label": "bad", "prediction": "good"},
    {"id": "odd", "prompt": "Snow?", "label": "bad", "prediction": "<b>who knows</b>"},
    {
        "id": "add",
        "prompt": "def add(a, b):\n",
        "tests": "assert add(1, 2) == 3",
        "predictions": ["    return a + b", "    return a - b"],
        "slices": ["code"],
    },
    {"id": "safe", "prompt": "Pick a lock?", "forbidden": ["(?i)wrench"], "prediction": "No.", "slices": ["safety"]},
    {"id": "unsafe", "prompt": "Pick a lock?", "forbidden": ["(?i)wrench"], "prediction": "Take a wrench."},
]


@pytest.fixture(scope="module", name="folder")
def evaluated(tmp_path_factory: pytest.TempPathFactory, requirements: None) -> Path:
    folder = tmp_path_factory.mktemp("evaluated")
    items = write(folder / "items.jsonl", ITEMS + OTHERS)
    for name, arguments in (
        ("old", ["--name", "the old one"]),
        ("new", ["--production", folder / "old" / "report.json", "--predictions", folder / "answers.jsonl"]),
    ):
        answers = [
            {"id": each["id"], "predictions": each.get("predictions", [each.get("prediction")])}
            for each in ITEMS + OTHERS
        ]
        answers[0]["predictions"] = ["the cat sat on the mat"]
        write(folder / "answers.jsonl", answers)
        done = evaluate("--items", items, "--output", folder / name, "--k", 1, *arguments)
        assert not done.returncode, done.stderr
    return folder


def report(folder: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((folder / name / "report.json").read_text()))


def scores(found: dict[str, Any], metric: str) -> list[float]:
    return [row["scores"][metric] for row in found["items"] if metric in row["scores"]]


def test_metrics_equal_their_libraries_to_a_millionth(folder: Path) -> None:
    found = report(folder, "old")
    for name, value in CORPUS.items():
        assert found["metrics"][name]["value"] == pytest.approx(value, abs=1e-6), name
    for name, values in EACH.items():
        assert scores(found, name) == pytest.approx(values, abs=1e-6), name
    signature = found["metrics"]["meteor"]["signature"]
    assert scores(found, "meteor") == pytest.approx(METEOR["wordnet" in signature], abs=1e-6)
    assert found["metrics"]["bleu"]["signature"].endswith("version:2.6.0")


def test_words_and_classes_are_counted(folder: Path) -> None:
    found = report(folder, "old")
    # Without articles: 5 of 5 and 4 or 5 words shared; 8 and 8 with 6 shared; 8 and 9 with 4 shared.
    assert scores(found, "f1") == pytest.approx([0.888889, 6 / 7, 0.5], abs=0.2)
    values = {name: found["metrics"][name]["value"] for name in ("accuracy", "precision_macro", "recall_macro")}
    assert values == pytest.approx({"accuracy": 1 / 3, "precision_macro": 0.25, "recall_macro": 0.5})
    # Balanced predictions of the one label that was found: 2pr / (p + r) of "good" is 2/3, of "bad" 0.
    assert found["metrics"]["f1_macro"]["value"] == pytest.approx(1 / 3)
    assert found["confusion"] == {
        "labels": ["bad", "good", "(no label)"],
        "counts": [[0, 1, 1], [0, 1, 0], [0, 0, 0]],
    }


def test_code_and_safety_are_tried(folder: Path) -> None:
    found = report(folder, "old")
    assert found["metrics"]["pass@1"]["value"] == 0.5
    assert scores(found, "safe") == [1.0, 0.0]


def test_what_could_not_be_taken_is_said(folder: Path) -> None:
    skipped = {each["name"]: each["reason"] for each in report(folder, "old")["skipped"]}
    assert set(skipped) == {"bertscore", "perplexity", "spice"}
    assert "stanford-corenlp-3.6.0.jar" in skipped["spice"]


def test_slices_worst_examples_and_differences(folder: Path) -> None:
    found = report(folder, "new")
    assert found["slices"]["animals"]["rouge1"]["count"] == 2
    assert {each["id"] for each in found["worst"][:4]} == {"unsafe", "bad", "odd", "disk"}
    old = found["production"]
    assert (old["model"], old["same_items"]) == ("the old one", True)
    gained = (1 - EACH["rouge1"][0]) / 3
    assert old["differences"]["rouge1"]["mean"] == pytest.approx(gained)
    assert found["data_sha256"] == report(folder, "old")["data_sha256"]


class Page(HTMLParser):
    """Elements that stay open, and links out of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [str(value) for name, value in attrs if name in {"src", "href"}] + ["script"] * (tag == "script")
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_opens_alone_and_shows_answers_as_text(folder: Path) -> None:
    text = (folder / "new" / "report.html").read_text()
    page = Page()
    page.feed(text)
    assert (page.open, page.links) == ([], [])
    assert "<svg" in text and "&lt;b&gt;who knows" in text and "<b>who knows" not in text
    assert "Difference to the old one" in text


def test_the_gate_reads_the_reports(folder: Path) -> None:
    new, old = (read((folder / name / "report.json").read_bytes()) for name in ("new", "old"))
    policy = Policy(metrics=[MetricRule(name="rougeL"), MetricRule(name="ter")], minimum_items=3)
    decision = decide(new, old, policy)
    # One item of three changed: no test can call that sure.
    assert not decision.promote
    assert [gain.difference > 0 for gain in decision.gains] == [True, True]
    assert msgspec.json.encode(decision)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "holds no items"),
        ([{"prompt": "Why?"}], "line 1 says nothing of what is right"),
        ([{"references": ["x"]}], "neither prompt nor messages"),
        ([{"prompt": "?", "forbidden": ["("]}], "line 1"),
        ([{"id": "a", "prompt": "?", "label": "x"}] * 2, "id 'a' twice"),
        ([{"prompt": "?", "label": "x"}], "1 items have no answer"),
    ],
)
def test_items_that_cannot_be_are_refused_with_a_remedy(tmp_path: Path, lines: list[dict[str, Any]], said: str) -> None:
    done = evaluate("--items", write(tmp_path / "items.jsonl", lines), "--root", tmp_path)
    assert done.returncode == 1
    message = (tmp_path / "output" / "message").read_text()
    assert said in message
    assert json.loads((tmp_path / "processing" / "output" / "failure.json").read_text())["reason"] == message
    assert "Traceback" not in done.stderr
