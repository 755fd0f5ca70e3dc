"""Processes that train together end with the same weights, or say that they do not."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from support.training import JOB, Trainers, python_path
from support.waiting import wait_for

pytestmark = pytest.mark.slow


def _port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.capability("T4")
@pytest.mark.parametrize(
    ("distributed", "strategy"), [("ddp", "lora"), ("ddp", "full"), ("fsdp", "full"), ("fsdp", "lora")]
)
def test_two_processes_end_with_equal_weights(
    trainers: Trainers, tmp_path: Path, distributed: str, strategy: str
) -> None:
    job = trainers.job(tmp_path, strategy=strategy, distributed=distributed, learning_rate=0.003, max_steps=6)
    assert trainers.run_ranks(job, _port()) == [0, 0], job.log[-4000:]
    sums = re.findall(r"^checksum (\w{64})$", job.log, re.MULTILINE)
    assert len(sums) == 2
    assert len(set(sums)) == 1
    figures = job.manifest["metrics"]
    assert figures["validation_loss"] < figures["validation_loss_before"]


@pytest.mark.capability("T4")
def test_processes_with_different_weights_are_told(trainers: Trainers, tmp_path: Path) -> None:
    job = trainers.job(tmp_path)
    assert trainers.run_ranks(job, _port(), "support.training_checks:diverge") == [1, 1]
    assert "ended with different weights" in job.log


@pytest.mark.capability("T4")
def test_tensor_parallel_is_refused_on_cpus(trainers: Trainers, tmp_path: Path) -> None:
    job = trainers.job(tmp_path, strategy="full", tp_size=2)
    assert trainers.run_ranks(job, _port()) == [1, 1]
    assert "needs accelerators" in job.failure


@pytest.mark.capability("T5")
def test_torchrun_is_started_and_hears_of_the_end_of_a_spot_instance(trainers: Trainers, tmp_path: Path) -> None:
    job = trainers.job(tmp_path, strategy="lora", processes_per_instance=2, epochs=200, save_steps=1000)
    env = os.environ | job.env() | {"PYTHONPATH": python_path()}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, str(JOB / "train.py")], env=env, stdout=log, stderr=log)
    assert wait_for(lambda: "metrics step=3 " in job.log, seconds=200), job.log[-3000:]
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=60)
    (checkpoint,) = (tmp_path / "checkpoints").glob("checkpoint-*")
    assert (checkpoint / "whole-0.json").exists()
    assert {path.name for path in checkpoint.glob("rng_state_*")} == {"rng_state_0.pth", "rng_state_1.pth"}
