import multiprocessing
import re
from pathlib import Path

import pytest

from slipway_constructs import dependency_layer
from slipway_constructs.dependency_layer import LockedInstall, install, lock_hash

LOCK = "slipway-no-such-package-exists==1.0 --hash=sha256:" + "0" * 64 + "\n"


@pytest.fixture
def lock_file(tmp_path: Path) -> Path:
    """A lock file with nothing in it: uv runs for real, and needs no package index."""
    path = tmp_path / "empty.txt"
    path.write_text("# nothing\n")
    return path


def bundle(lock_file: Path, cache: Path, output: Path) -> None:
    output.mkdir(exist_ok=True)
    assert LockedInstall(lock_file, cache).try_bundle(str(output)) is True


def test_the_layer_holds_packages_and_lock(lock_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle(lock_file, tmp_path / "cache", tmp_path / "out")

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["python", "requirements.txt"]
    assert (tmp_path / "out" / "requirements.txt").read_text() == lock_file.read_text()
    assert "installing empty.txt" in capsys.readouterr().err


def test_the_same_lock_is_installed_once(
    lock_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle(lock_file, tmp_path / "cache", tmp_path / "one")
    capsys.readouterr()
    monkeypatch.setattr(dependency_layer, "install", None)  # would fail if it were called again

    bundle(lock_file, tmp_path / "cache", tmp_path / "two")

    assert (tmp_path / "two" / "requirements.txt").is_file()
    assert capsys.readouterr().err == ""


def test_another_lock_is_another_layer(lock_file: Path) -> None:
    before = lock_hash(lock_file)
    lock_file.write_text("# something else\n")

    assert lock_hash(lock_file) != before
    assert re.fullmatch(r"[0-9a-f]{64}", before)


def test_two_processes_may_install_at_once(lock_file: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    jobs = [
        context.Process(target=bundle, args=(lock_file, tmp_path / "cache", tmp_path / f"out{n}")) for n in range(2)
    ]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join(60)

    assert [job.exitcode for job in jobs] == [0, 0]
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [lock_hash(lock_file)]


def test_a_failed_install_says_why_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock_file = tmp_path / "bad.txt"
    lock_file.write_text(LOCK)
    monkeypatch.setenv("UV_OFFLINE", "1")

    with pytest.raises(RuntimeError, match=r"uv could not install .*bad\.txt(.|\n)*slipway-no-such-package-exists"):
        bundle(lock_file, tmp_path / "cache", tmp_path / "out")

    assert list((tmp_path / "cache").iterdir()) == []


def test_a_slow_index_is_given_up(lock_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dependency_layer, "INSTALL_SECONDS", 0)

    with pytest.raises(RuntimeError, match="took longer than 0 s"):
        install(lock_file, tmp_path / "out")


def test_a_missing_uv_is_told(lock_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dependency_layer.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(RuntimeError, match="uv is missing: run `make setup`"):
        install(lock_file, tmp_path / "out")
