"""The evaluation job as a Processing job starts it: a process with the job's own requirements."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from slipway_local.functions.packages import Packages
from slipway_local.training import runtime

ROOT = Path(__file__).parents[2]
JOB = ROOT / "jobs" / "evaluate"
CACHE = Packages(ROOT / ".slipway" / "cache")
REQUIREMENTS = (JOB / "requirements.txt").read_bytes()
HAS_REQUIREMENTS = runtime.is_installed(CACHE, REQUIREMENTS)
ITEMS: list[dict[str, Any]] = [
    {
        "id": "cat",
        "prompt": "Where is the cat?",
        "references": ["the cat sat on the mat", "there is a cat on the mat"],
        "prediction": "the cat is on the mat",
        "slices": ["animals"],
    },
    {
        "id": "fox",
        "prompt": "What did the fox do?",
        "references": ["the quick brown fox jumps over the lazy dog"],
        "prediction": "a quick brown fox jumped over the lazy dog",
        "slices": ["animals"],
    },
    {
        "id": "disk",
        "prompt": "Why did the server fail?",
        "references": ["the server failed with an error since its disk was full"],
        "prediction": "the server returned a fault because the disk was full",
        "slices": ["servers"],
    },
]


def env(**more: str) -> dict[str, str]:
    """The variables of a job's process. The job's own folder is not on its path: what is there is called `evaluate`."""
    folders = map(str, [*runtime.python_path(CACHE, REQUIREMENTS), ROOT / "lambda", ROOT / "jobs" / "fine_tune"])
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    return {
        **os.environ,
        **keys,
        "PYTHONPATH": ":".join(folders),
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        **more,
    }


def evaluate(*arguments: object, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run the program to its end."""
    command = [sys.executable, "-W", "ignore", str(JOB / "evaluate.py"), *map(str, arguments)]
    return subprocess.run(command, env=env(**more), capture_output=True, text=True, check=False)


def python(code: str, *arguments: object, **more: str) -> str:
    """Run code where the job's requirements are, and return what it prints."""
    command = [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)]
    done = subprocess.run(command, env=env(**more), capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return done.stdout


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    """Write JSONL."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path
