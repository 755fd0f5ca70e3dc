"""The code of a run's jobs: what a training container unpacks, and what the evaluation's starts."""

from pathlib import Path

from constructs import Construct

from slipway_constructs.source_archive import SourceArchive, python_files
from stacks.slipway_stack import ROOT

CACHE = ROOT / ".slipway" / "cache" / "sources"
JOBS, RUNTIME = ROOT / "jobs", ROOT / "lambda" / "slipway_runtime"


def training(scope: Construct, *, wandb: bool) -> SourceArchive:
    """Return the archive of jobs/fine_tune, with what it imports; `wandb`: its container installs that client, too."""
    return SourceArchive(scope, "Source", files=training_files(wandb=wandb), cache=CACHE)


def training_files(*, wandb: bool) -> dict[str, Path]:
    """Return the files of the archive by their names in it."""
    files = python_files(JOBS / "fine_tune") | {"slipway_runtime/__init__.py": RUNTIME / "__init__.py"}
    if wandb:
        files["requirements.txt"] = JOBS / "fine_tune" / "requirements-wandb.txt"
    return files | {f"slipway_runtime/train/{path.name}": path for path in (RUNTIME / "train").glob("*.py")}


def evaluation(scope: Construct) -> SourceArchive:
    """Return the archive of jobs/evaluate."""
    return SourceArchive(scope, "EvaluationSource", files=evaluation_files(), cache=CACHE)


def evaluation_files() -> dict[str, Path]:
    """Return jobs/evaluate below job/, the runtime library without its handlers, and on top what starts the job."""
    files = python_files(JOBS / "evaluate", "job/") | python_files(RUNTIME, "slipway_runtime/")
    files = {name: path for name, path in files.items() if not name.startswith("slipway_runtime/handlers/")}
    return files | {name: files.pop(f"job/{name}") for name in ("start.py", "requirements.txt")}
