"""What one process of a test run has made, for all of them: a folder for each content, made by the first that asks."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from slipway_local.functions.packages import Packages

# Set by tests/conftest.py before the processes of a run start: they inherit it.
VARIABLE = "SLIPWAY_TESTS_SHARED"


def shared(kind: str, content: str, make: Callable[[Path], None]) -> Path:
    """Return the folder that `make` filled for this content; others wait for it. Nobody may change what is in it.

    It goes with the run, so what the run's sources decide need not be part of `content`.
    """
    return Packages(Path(os.environ[VARIABLE])).once(kind, hashlib.sha256(content.encode()).hexdigest(), make)


def begin() -> tempfile.TemporaryDirectory[str] | None:
    """Make the folder of this run; None in a process that has been given one."""
    if VARIABLE in os.environ:
        return None
    folder = tempfile.TemporaryDirectory(prefix="slipway-tests-")
    os.environ[VARIABLE] = folder.name
    return folder
