"""Training jobs as SageMaker starts them, on this machine: a folder for /opt/ml, variables, a process, its exit.

torch takes many seconds to import, so one process does it and forks for each job: a job is a process of its own.
"""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slipway_local.functions.packages import Packages
from slipway_local.tracking import runtime as mlflow_runtime
from slipway_local.training import runtime

ROOT = Path(__file__).parents[2]
JOB = ROOT / "jobs" / "fine_tune"
CACHE = ROOT / ".slipway" / "cache"
REQUIREMENTS = (JOB / "requirements.txt").read_bytes()
HAS_MLFLOW = mlflow_runtime.installed(Packages(CACHE)) is not None
HAS_TORCH = runtime.is_installed(Packages(CACHE), REQUIREMENTS)
WORDS = ["red", "blue", "green", "cat", "dog", "bird", "runs", "eats", "big", "old", "new", "house", "river"]


def python_path() -> str:
    """PYTHONPATH of a job."""
    folders = runtime.python_path(Packages(CACHE), REQUIREMENTS)
    return ":".join(map(str, [*folders, JOB, ROOT / "tests"]))


@dataclass(frozen=True)
class Job:
    """One training job's /opt/ml."""

    root: Path
    hyperparameters: dict[str, object] = field(default_factory=dict)

    def channel(self, name: str, lines: list[dict[str, Any]]) -> None:
        folder = self.root / "input" / "data" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))

    def env(self, **more: str) -> dict[str, str]:
        config = self.root / "input" / "config"
        config.mkdir(parents=True, exist_ok=True)
        # As SageMaker hands them over: strings, quoted once more.
        quoted = {name: json.dumps(str(value)) for name, value in self.hyperparameters.items()}
        (config / "hyperparameters.json").write_text(json.dumps(quoted | {"sagemaker_program": '"train.py"'}))
        return {"SM_BASE_DIR": str(self.root), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", **more}

    @property
    def log(self) -> str:
        return (self.root / "log").read_text() if (self.root / "log").exists() else ""

    @property
    def failure(self) -> str:
        return (self.root / "output" / "failure").read_text()

    @property
    def manifest(self) -> dict[str, Any]:
        return dict(json.loads((self.root / "model" / "manifest.json").read_text()))


def chats(count: int, *, seed: int = 0) -> list[dict[str, Any]]:
    """Chats that ask to reverse three words."""
    draw = random.Random(seed)
    picked = [draw.sample(WORDS, 3) for _ in range(count)]
    return [
        {
            "messages": [
                {"role": "user", "content": " ".join(words)},
                {"role": "assistant", "content": " ".join(reversed(words))},
            ]
        }
        for words in picked
    ]


def preferences(count: int) -> list[dict[str, Any]]:
    """Questions with the reversed words as the better answer."""
    return [
        {
            "prompt": chat["messages"][:1],
            "chosen": chat["messages"][1:],
            "rejected": [{"role": "assistant", "content": chat["messages"][0]["content"]}],
        }
        for chat in chats(count)
    ]


class Trainers:
    """Starts jobs; see support.training_fork."""

    def __init__(self, process: "subprocess.Popen[str]", base: Path) -> None:
        self._process = process
        self.base = base

    def _ask(self, **request: object) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def job(self, root: Path, *, preference: bool = False, examples: int = 48, **hyperparameters: object) -> Job:
        """A job with data and the tiny model."""
        job = Job(root, {"max_length": 64, "logging_steps": 1, "batch_size": 4, **hyperparameters})
        made = preferences if preference else chats
        lines = made(examples + 8)
        job.channel("train", lines[:examples])
        job.channel("validation", lines[examples:])
        (root / "input" / "data" / "model").symlink_to(self.base)
        return job

    def start(self, job: Job, call: str = "train:main", **env: str) -> int:
        return int(self._ask(call=call, env=job.env(**env), log=str(job.root / "log")))

    def wait(self, pid: int) -> int:
        """The exit code; of a process that a signal ended, the signal below zero."""
        return int(self._ask(wait=pid))

    def run(self, job: Job, call: str = "train:main", **env: str) -> int:
        return self.wait(self.start(job, call, **env))

    def run_ranks(self, job: Job, port: int, call: str = "train:main") -> list[int]:
        """Two processes that train together, as torchrun starts them."""
        shared = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": str(port)}
        pids = [self.start(job, call, RANK=str(each), LOCAL_RANK=str(each), **shared) for each in range(2)]
        return [self.wait(pid) for pid in pids]


@contextmanager
def trainers(folder: Path) -> Iterator[Trainers]:
    """Start the process that forks."""
    env = os.environ | {"PYTHONPATH": python_path(), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "support.training_fork", str(folder / "base")]
    with subprocess.Popen(
        command, env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert json.loads(process.stdout.readline()) == "ready"
        yield Trainers(process, folder / "base")
        assert process.stdin
        process.stdin.close()
