"""Every strategy trains on this machine's CPU, and what it writes can be loaded."""

import json
import re
from pathlib import Path

import pytest

from slipway_runtime.train.metrics import DEFINITIONS
from support.training import Trainers, preferences

pytestmark = pytest.mark.slow

RATES = {"full": 0.003, "lora": 0.02, "qlora": 0.02, "prompt": 0.1, "prefix": 0.1, "llama_adapter": 0.05}


@pytest.mark.capability("T2")
@pytest.mark.parametrize("strategy", RATES)
def test_the_loss_falls_and_the_written_model_has_it(trainers: Trainers, tmp_path: Path, strategy: str) -> None:
    rate = RATES[strategy]
    job = trainers.job(tmp_path, strategy=strategy, learning_rate=rate, epochs=3)
    assert trainers.run(job) == 0, job.log[-3000:]
    figures = job.manifest["metrics"]
    assert figures["validation_loss"] < figures["validation_loss_before"] - 0.005
    assert trainers.run(job, "support.training_checks:loss_of_written_model") == 0, job.log[-3000:]
    loaded = json.loads((tmp_path / "loss.json").read_text())
    # The base of QLoRA is loaded unquantised here, which costs some accuracy.
    assert loaded == pytest.approx(figures["validation_loss"], abs=0.05 if strategy == "qlora" else 0.02)


@pytest.mark.capability("T9")
@pytest.mark.parametrize("strategy", ["full", "lora"])
def test_preferences_are_learnt(trainers: Trainers, tmp_path: Path, strategy: str) -> None:
    rate = {"full": 5e-3, "lora": 1e-2}[strategy]
    job = trainers.job(
        tmp_path, preference=True, strategy=strategy, objective="dpo", learning_rate=rate, epochs=2, packing="off"
    )
    assert trainers.run(job) == 0, job.log[-3000:]
    figures = job.manifest["metrics"]
    # At the start the model is its own reference: -log sigmoid(0).
    assert figures["validation_loss_before"] == pytest.approx(0.6931, abs=1e-3)
    assert figures["validation_loss"] < 0.6885


def test_sagemaker_finds_the_metrics_in_the_log(trainers: Trainers, tmp_path: Path) -> None:
    job = trainers.job(tmp_path, strategy="lora", max_steps=3)
    assert trainers.run(job) == 0, job.log[-3000:]
    found = {each["Name"] for each in DEFINITIONS if re.search(each["Regex"], job.log, re.MULTILINE)}
    assert found == {each["Name"] for each in DEFINITIONS}


def test_examples_in_a_row_do_not_see_each_other(trainers: Trainers, tmp_path: Path) -> None:
    job = trainers.job(tmp_path)
    assert trainers.run(job, "support.training_checks:losses_packed_and_apart") == 0, job.log[-3000:]
    packed, apart = json.loads((tmp_path / "losses.json").read_text())
    assert packed["rows"] < apart["rows"]
    assert packed["loss"] == pytest.approx(apart["loss"], rel=1e-5)
    assert packed["norm"] == pytest.approx(apart["norm"], rel=1e-4)


@pytest.mark.capability("T7")
def test_a_tracker_that_fails_ends_no_training(trainers: Trainers, tmp_path: Path) -> None:
    job = trainers.job(tmp_path, strategy="lora", max_steps=2)
    gone = {
        "MLFLOW_TRACKING_URI": "http://localhost:1",
        "WANDB_SECRET_ID": "none",
        "AWS_ENDPOINT_URL": "http://localhost:1",
    }
    assert trainers.run(job, **gone) == 0, job.log[-3000:]
    assert len(job.manifest["tracking_problems"]) == 2
    assert job.manifest["tracked"] == {}
    assert "tracking by mlflow stopped" in job.log
    told = [json.loads(line) for line in (tmp_path / "output" / "data" / "tracking.jsonl").read_text().splitlines()]
    assert told[0]["parameters"]["strategy"] == "lora"
    assert [each["step"] for each in told if "train_loss" in each][:2] == [1, 2]


def test_preferences_need_their_objective(trainers: Trainers, tmp_path: Path) -> None:
    job = trainers.job(tmp_path, strategy="lora")
    job.channel("train", preferences(8))
    assert trainers.run(job) == 1
    assert "objective 'dpo'" in job.failure
