"""torch for training jobs: where none can be had, one is told what to do."""

from pathlib import Path

import pytest

from slipway_local.functions.packages import Packages
from slipway_local.training import runtime


def test_without_a_build_of_torch_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    packages = Packages(tmp_path / "cache")
    with pytest.raises(runtime.NoTorchError, match=r"(?s)could not be installed.*PIP_FIND_LINKS"):
        runtime.python_path(packages, b"")
    assert not runtime.is_installed(packages, b"")
