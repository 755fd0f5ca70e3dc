import subprocess
import sys
from pathlib import Path

import pytest

from slipway_runtime import handlers

HANDLERS = sorted(
    path.stem for path in Path(handlers.__file__).parent.glob("*.py") if "\ndef handler(" in path.read_text("utf-8")
)
# Steps of runs that last for minutes, and compare documents from the first one on.
OF_RUNS = {"corpus_begin", "corpus_compare", "corpus_publish", "corpus_report", "curate_batch"} | {
    f"dataset_{step}" for step in ("plan", "collect", "finish")
}
OF_RUNS |= {"gate", "training_step"}


@pytest.mark.parametrize("name", sorted(set(HANDLERS) - OF_RUNS))
def test_a_handler_begins_without_numpy(name: str) -> None:
    """It costs a cold start 100 ms: it is imported where signatures are made."""
    code = f"import sys, slipway_runtime.handlers.{name}; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
