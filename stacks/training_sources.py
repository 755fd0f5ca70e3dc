"""The code of a run's jobs: what a training container unpacks, and what the evaluation's starts."""

from constructs import Construct

from slipway_constructs.source_archive import SourceArchive, python_files
from stacks.slipway_stack import ROOT

CACHE = ROOT / ".slipway" / "cache" / "sources"
JOBS, RUNTIME = ROOT / "jobs", ROOT / "lambda" / "slipway_runtime"


def training(scope: Construct) -> SourceArchive:
    """Return the archive of jobs/fine_tune, with what it imports."""
    files = python_files(JOBS / "fine_tune") | {"slipway_runtime/__init__.py": RUNTIME / "__init__.py"}
    files |= {f"slipway_runtime/train/{path.name}": path for path in (RUNTIME / "train").glob("*.py")}
    return SourceArchive(scope, "Source", files=files, cache=CACHE)


def evaluation(scope: Construct) -> SourceArchive:
    """Return the archive of jobs/evaluate below job/, with the runtime library; what starts it lies at the top."""
    files = python_files(JOBS / "evaluate", "job/") | python_files(RUNTIME, "slipway_runtime/")
    files = {name: path for name, path in files.items() if not name.startswith("slipway_runtime/handlers/")}
    files |= {name: files.pop(f"job/{name}") for name in ("start.py", "requirements.txt")}
    return SourceArchive(scope, "EvaluationSource", files=files, cache=CACHE)
