"""The demo's fine-tuning: a tiny model, made here, learns to reverse words and goes from data to the registry.

Two runs at once: one that learns, which the gate passes and we approve, and one that a far too high learning rate makes
worse, which the gate refuses.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import permutations
from pathlib import Path

from slipway_cli import approvals, executions, fine_tune
from slipway_cli.errors import CommandError
from slipway_cli.models import Models
from slipway_cli.project import Project
from slipway_cli.target import Target
from slipway_local.functions.packages import Packages
from slipway_local.training import runtime

NAME, WORSE = "demo", "demo-worse"
JOBS = ("fine_tune", "evaluate")
WORDS = ("red", "blue", "cat", "dog", "bird", "big", "old", "new", "house")
EXAMPLES = 400  # a tenth of them becomes the items that both models answer
LEARNS = {"max_steps": "12", "batch_size": "4", "max_length": "64", "learning_rate": "0.01"}
SETTINGS = {NAME: LEARNS, WORSE: {**LEARNS, "max_steps": "2", "learning_rate": "1", "lora_dropout": "0"}}
Step = tuple[str, float, str]


def step(here: Project, target: Target) -> Step:
    """Fine-tune, or say what was left out and what adds it. Raises: CommandError if it did not work as it should."""
    title, started = "a model fine-tuned", time.monotonic()
    requirements = [(here.root / "jobs" / job / "requirements.txt").read_bytes() for job in JOBS]
    if not all(runtime.is_installed(Packages(here.cache), each) for each in requirements):
        return title, 0.0, "skipped: torch is not installed; `make torch` adds it (about 750 MB)"
    if found := Models(target).versions(NAME):
        return title, 0.0, f"registered already: {NAME}/{found[0]['version']}"
    folders = runtime.python_path(Packages(here.cache), requirements[0])
    with tempfile.TemporaryDirectory() as folder:
        base = _base(here, folders, Path(folder) / "tiny", target)
        file = Path(folder) / "reversals.jsonl"
        file.write_text("\n".join(map(json.dumps, _chats())), encoding="utf-8")
        dataset = fine_tune.dataset_key(target, str(file))
    common = {"base": base, "dataset": dataset, "strategy": "lora", "requested_by": "demo"}
    runs = {
        name: fine_tune.start(target, {**common, "name": name, "hyperparameters": how}, executions.made_up(name))
        for name, how in SETTINGS.items()
    }
    detail = _approved(target, runs[NAME])
    worse = fine_tune.follow(target, runs[WORSE])
    if worse["outcome"] != "refused":
        raise CommandError(f"the worse model should have been refused and is {worse['outcome']}: {worse}")
    return title, time.monotonic() - started, f"{detail}; a worse one was refused"


def _approved(target: Target, arn: str) -> str:
    """Approve what waits for it, and return what became of it."""
    found = fine_tune.follow(target, arn)
    if found["outcome"] != fine_tune.WAITING:
        raise CommandError(f"the fine-tuned model should wait for approval and is {found['outcome']}: {found}")
    run = found["run_id"]
    evidence = approvals.ask(target, "show", run_id=run)["evidence"]
    approvals.ask(target, "approve", run_id=run, by="the person at this machine", comment="make demo")
    ended = fine_tune.follow(target, arn, decided=True)
    if ended["outcome"] != "registered":
        raise CommandError(f"the approved model should be registered and is {ended['outcome']}: {ended}")
    both = evidence["evaluation"]["metrics"]["perplexity"]
    fell = f"perplexity {both['baseline']:.0f} to {both['candidate']:.0f} over {evidence['evaluation']['items']} items"
    return f"{fell}; passed the gate, approved, registered as {NAME}/1"


def _base(here: Project, folders: list[Path], folder: Path, target: Target) -> str:
    paths = os.pathsep.join(map(str, [*folders, here.root / "jobs" / "fine_tune"]))
    env = os.environ | {"PYTHONPATH": paths, "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "fine_tune.tiny", str(folder)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(f"the tiny model could not be made: {done.stderr.strip()[-1000:]}")
    return fine_tune.upload(target, folder)


def _chats() -> list[dict[str, list[dict[str, str]]]]:
    picked = list(permutations(WORDS, 3))[:EXAMPLES]
    return [
        {
            "messages": [
                {"role": "user", "content": " ".join(words)},
                {"role": "assistant", "content": " ".join(reversed(words))},
            ]
        }
        for words in picked
    ]
