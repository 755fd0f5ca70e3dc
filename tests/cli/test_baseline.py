"""What a change is compared with when nobody names it, in checkouts as they occur: released, branched, shallow."""

import os
import subprocess
from pathlib import Path

import pytest

from slipway_cli.upgrades.baseline import NoBaselineError, baseline

IDENTITY = {"GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.com"}
IDENTITY |= {"GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.com"}

pytestmark = pytest.mark.capability("O13")


def git(folder: Path, *arguments: str) -> str:
    run = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        check=True,
        env=os.environ | IDENTITY,
        capture_output=True,
        text=True,
    )
    return run.stdout.strip()


def commit(folder: Path, message: str) -> str:
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    return folder


def test_the_first_commit_has_nothing_before_it(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(NoBaselineError, match="no git checkout with a commit"):
        baseline(tmp_path)
    commit(repository, "one")
    with pytest.raises(NoBaselineError, match="first commit"):
        baseline(repository)


def test_on_main_it_is_the_commit_before(repository: Path) -> None:
    first = commit(repository, "one")
    commit(repository, "two")
    assert (baseline(repository).commit, baseline(repository).what) == (first, "the commit before")


def test_on_a_branch_it_is_where_the_branch_left_main(repository: Path) -> None:
    left = commit(repository, "one")
    git(repository, "switch", "-q", "-c", "feature")
    commit(repository, "two")
    commit(repository, "three")
    git(repository, "switch", "-q", "main")
    commit(repository, "elsewhere")
    git(repository, "switch", "-q", "feature")
    assert baseline(repository).commit == left
    assert "left main" in baseline(repository).what


def test_once_there_is_a_release_it_is_the_last_one_before_this_commit(repository: Path) -> None:
    released = commit(repository, "one")
    git(repository, "tag", "v0.1.0")
    git(repository, "tag", "voyage")
    commit(repository, "two")
    commit(repository, "three")
    assert (baseline(repository).commit, baseline(repository).what) == (released, "release v0.1.0")
    git(repository, "tag", "v0.2.0")
    assert baseline(repository).what == "release v0.1.0", "a release is compared with the one before"


def test_a_shallow_clone_says_how_it_gets_the_rest(repository: Path, tmp_path: Path) -> None:
    commit(repository, "one")
    two = commit(repository, "two")
    commit(repository, "three")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", repository.as_uri(), str(clone))
    with pytest.raises(NoBaselineError, match="git fetch --deepen=50"):
        baseline(clone)
    git(clone, "fetch", "-q", "--deepen=1")
    assert baseline(clone).commit == two
