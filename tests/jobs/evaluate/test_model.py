"""The program with a model in its hands: answers, perplexity, BERTScore, benchmarks."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from slipway_local.training import runtime
from support.evaluating import CACHE, ITEMS, REQUIREMENTS, evaluate, python, write

# Three processes that import torch; on a busy machine that takes minutes.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("requirements"), pytest.mark.timeout(1200)]
QUESTIONS = [
    {"question": "2+2", "choices": ["4", "5"], "answer": 0},
    {"question": "3+3", "choices": ["7", "6"], "answer": 1},
    {"question": "1+1", "choices": ["2", "3"], "answer": 0},
]
TASK = """task: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: {file}}}}}
test_split: test
doc_to_text: "{{{{question}}}}="
{rest}
metadata: {{version: 1.0}}
"""
CHOICE = """output_type: multiple_choice
doc_to_choice: "{{choices}}"
doc_to_target: answer
metric_list: [{metric: acc, aggregation: mean, higher_is_better: true}]"""
CODE = """output_type: generate_until
unsafe_code: true
doc_to_target: "assert {{question}} == {{choices[answer]}}"
generation_kwargs: {until: ["\\n"], max_gen_toks: 8, do_sample: false}
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]"""
# The libraries asked directly.
REFERENCE = """
import json, math, sys
import torch
from bert_score import score
from transformers import AutoModelForCausalLM, AutoTokenizer
folder, items = sys.argv[1], [json.loads(line) for line in open(sys.argv[2])]
answers = {row["id"]: row["predictions"] for row in map(json.loads, open(sys.argv[3]))}
model, tokenizer = AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
nats = tokens = 0
for item in items:
    prompt = tokenizer(item["prompt"], return_tensors="pt")["input_ids"]
    right = tokenizer(item["references"][0], return_tensors="pt", add_special_tokens=False)["input_ids"]
    ids = torch.cat([prompt, right], dim=1)
    labels = ids.clone()
    labels[:, : prompt.shape[1]] = -100
    with torch.no_grad():
        nats += model(input_ids=ids, labels=labels).loss.item() * right.shape[1]
    tokens += right.shape[1]
given = [answers[item["id"]][0] for item in items], [item["references"] for item in items]
f1 = score(*given, model_type=folder, num_layers=2)[2]
print(json.dumps({"perplexity": math.exp(nats / tokens), "bertscore": f1.tolist()}))
"""


@pytest.fixture(scope="module", name="found")
def with_model(tmp_path_factory: pytest.TempPathFactory, requirements: None) -> dict[str, Any]:
    root = tmp_path_factory.mktemp("job")
    given = root / "processing" / "input"
    python("from fine_tune.tiny import make; import sys, pathlib; make(pathlib.Path(sys.argv[1]))", given / "model")
    items = write(given / "items" / "items.jsonl", [{**each, "prediction": None} for each in ITEMS])
    questions = write(root / "questions.jsonl", QUESTIONS)
    for name, rest in (("sums", CHOICE), ("sums_in_code", CODE)):
        (root / "tasks").mkdir(exist_ok=True)
        (root / "tasks" / f"{name}.yaml").write_text(TASK.format(name=name, file=questions, rest=rest))
    done = evaluate(
        *("--root", root, "--max-new-tokens", 6, "--bertscore-model", given / "model", "--device", "cpu"),
        *("--benchmark", "sums", "--benchmark", "sums_in_code", "--tasks", root / "tasks"),
        *("--metrics", "overlap,bertscore,perplexity"),
    )
    assert not done.returncode, done.stderr
    out = root / "processing" / "output"
    reference = python(REFERENCE, given / "model", items, out / "predictions.jsonl")
    return {
        "report": json.loads((out / "report.json").read_text()),
        "benchmarks": json.loads((out / "benchmarks.json").read_text()),
        "reference": json.loads(reference.splitlines()[-1]),
    }


@pytest.mark.capability("P4")
def test_perplexity_and_bertscore_equal_the_libraries(found: dict[str, Any]) -> None:
    metrics, reference = found["report"]["metrics"], found["reference"]
    assert metrics["perplexity"]["value"] == pytest.approx(reference["perplexity"], rel=1e-6)
    scores = [row["scores"]["bertscore"] for row in found["report"]["items"]]
    assert scores == pytest.approx(reference["bertscore"], abs=1e-6)
    assert metrics["bleu"]["value"] < 5  # random weights


@pytest.mark.capability("P5")
def test_the_harness_runs_a_task_and_our_sandbox_its_code(found: dict[str, Any]) -> None:
    tasks = found["benchmarks"]["tasks"]
    assert found["benchmarks"]["harness"] == "lm-eval 0.4.13"
    assert tasks["sums"]["acc,none"] * 3 == pytest.approx(round(tasks["sums"]["acc,none"] * 3))
    assert tasks["sums"]["n"]["effective"] == 3
    assert (tasks["sums_in_code"]["pass@1"], tasks["sums_in_code"]["n"]) == (0.0, 3)
    assert len(tasks["sums_in_code"]["errors"]) == 3


@pytest.mark.capability("P5")
def test_the_installed_harness_has_the_tasks_of_every_preset() -> None:
    from evaluation.harness import PRESETS

    folder = runtime.python_path(CACHE, REQUIREMENTS)[0] / "lm_eval" / "tasks"
    folders = {"superglue": "super_glue"}
    assert len(PRESETS) == 9
    for preset, names in PRESETS.items():
        files = [path.read_text() for path in (folder / folders.get(preset, preset)).rglob("*") if "yaml" in path.name]
        for name in names:
            named = re.compile(rf"^(task|tag|group):\s+(- )?{name}$", re.MULTILINE)
            assert any(map(named.search, files)), name
        if preset in {"humaneval", "mbpp"}:
            assert any("unsafe_code: true" in text for text in files)


@pytest.mark.capability("P5")
def test_a_right_program_of_the_harness_passes() -> None:
    from evaluation.harness import passed
    from evaluation.sandbox.run import Limits

    samples = [
        {"filtered_resps": [["def add(a, b):\n    return a + b"]], "target": "assert add(1, 2) == 3"},
        {"filtered_resps": ["def add(a, b):\n    return a - b"], "target": "assert add(1, 2) == 3"},
    ]
    assert passed(samples, Limits(seconds=20))["pass@1"] == 0.5


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    items = write(tmp_path / "items.jsonl", ITEMS)
    done = evaluate("--root", tmp_path, "--items", items, "--model", tmp_path)
    assert done.returncode == 1
    assert "holds neither config.json nor adapter_config.json" in (tmp_path / "output" / "message").read_text()
