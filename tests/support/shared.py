"""What one process of a test run has made, for all of them: a folder for each content, made by the first that asks."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from slipway_local.functions.packages import Packages


def shared(factory: pytest.TempPathFactory, kind: str, content: str, make: Callable[[Path], None]) -> Path:
    """Return the folder that `make` filled for this content; others wait for it. Nobody may change what is in it.

    It lies below the temporary folder of the run, so what the run's sources decide need not be part of `content`.
    """
    root = factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    return Packages(root / "shared").once(kind, hashlib.sha256(content.encode()).hexdigest(), make)
