"""A training that was killed or interrupted ends as if it had not been."""

import json
import os
import random
import re
import signal
from pathlib import Path

import pytest

from support.training import Job, Trainers
from support.waiting import wait_for

pytestmark = pytest.mark.slow

SETTINGS = {"max_steps": 40, "save_steps": 4, "lora_dropout": 0.1}
PASSED = re.compile(r"metrics step=(\d+) train_loss")


def _steps(job: Job) -> int:
    found = PASSED.findall(job.log)
    return int(found[-1]) if found else 0


def _end(job: Job) -> tuple[object, ...]:
    manifest = job.manifest
    return manifest["metrics"]["validation_loss"], manifest["checksum"]


@pytest.fixture(scope="module", name="undisturbed")
def undisturbed_ends(trainers: Trainers, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[object, ...]]:
    found = {}
    for strategy in ("lora", "full"):
        job = trainers.job(tmp_path_factory.mktemp(strategy), strategy=strategy, **SETTINGS)
        assert trainers.run(job) == 0, job.log[-3000:]
        found[strategy] = _end(job)
    return found


@pytest.mark.capability("T5")
@pytest.mark.parametrize("strategy", ["lora", "full"])
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_an_ended_training_goes_on_to_the_same_model(
    trainers: Trainers, tmp_path: Path, undisturbed: dict[str, tuple[object, ...]], strategy: str, name: str
) -> None:
    job = trainers.job(tmp_path, strategy=strategy, **SETTINGS)
    step = random.randint(5, 25)
    pid = trainers.start(job)
    assert wait_for(lambda: _steps(job) >= step, seconds=120), job.log[-3000:]
    os.kill(pid, signal.Signals[name])
    code = trainers.wait(pid)
    assert code == (0 if name == "SIGTERM" else -signal.SIGKILL)
    assert not (tmp_path / "model" / "manifest.json").exists(), f"it had ended before step {step} was seen"
    assert ("its checkpoint is kept" in job.log) == (name == "SIGTERM")
    assert trainers.run(job) == 0, job.log[-3000:]
    assert job.manifest["resumed_from"]
    assert _end(job) == undisturbed[strategy], f"ended at step {step}"


@pytest.mark.capability("T5")
def test_a_half_written_checkpoint_is_not_used(
    trainers: Trainers, tmp_path: Path, undisturbed: dict[str, tuple[object, ...]]
) -> None:
    job = trainers.job(tmp_path, strategy="lora", **SETTINGS)
    assert trainers.run(job) == 0, job.log[-3000:]
    newest, older = (tmp_path / "checkpoints" / f"checkpoint-{step}" for step in (40, 36))
    weights = newest / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    assert trainers.run(job) == 0, job.log[-3000:]
    assert job.manifest["resumed_from"] == older.name
    assert _end(job) == undisturbed["lora"]


def test_a_checkpoint_of_other_settings_is_refused(trainers: Trainers, tmp_path: Path) -> None:
    job = trainers.job(tmp_path, strategy="lora", **SETTINGS)
    assert trainers.run(job) == 0, job.log[-3000:]
    other = Job(job.root, job.hyperparameters | {"learning_rate": 0.5})
    assert trainers.run(other) == 1
    assert "made with other settings" in other.failure
    assert json.loads((tmp_path / "output" / "data" / "metrics.json").read_text())["steps"] == 40
