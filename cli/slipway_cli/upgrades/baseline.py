"""What a change is compared with when nobody names it: the last release, else main, else the commit before."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from slipway_cli.errors import CommandError

RELEASES = "v[0-9]*"
MAIN = ("refs/remotes/origin/main", "refs/heads/main")


@dataclass(frozen=True)
class Baseline:
    """A commit that is in the checkout, and in words what it is."""

    commit: str
    what: str


class NoBaselineError(CommandError):
    """The checkout has nothing earlier; the message says why, and how it gets it."""


def baseline(repository: Path) -> Baseline:
    """Return what HEAD is compared with: what is most likely deployed of all that the checkout has.

    Raises: NoBaselineError in a shallow clone of one commit, at the first commit, and outside git.
    """
    head = _commit(repository, "HEAD")
    if not head:
        raise NoBaselineError(f"{repository} is no git checkout with a commit, so there is nothing to compare with")
    if release := _git(repository, "describe", "--tags", "--abbrev=0", f"--match={RELEASES}", "HEAD^"):
        return Baseline(_commit(repository, release), f"release {release}")
    for main in MAIN:
        shared = _git(repository, "merge-base", "HEAD", main)
        if shared and shared != head:
            return Baseline(shared, f"where the branch left {main.rsplit('/', 1)[-1]}")
    if before := _commit(repository, "HEAD^"):
        return Baseline(before, "the commit before")
    if _git(repository, "rev-parse", "--is-shallow-repository") == "true":
        raise NoBaselineError("this clone is shallow and has HEAD alone: `git fetch --deepen=50 --tags` gets the rest")
    raise NoBaselineError("HEAD is the first commit: there is nothing before it")


def _commit(repository: Path, name: str) -> str:
    return _git(repository, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")


def _git(repository: Path, *arguments: str) -> str:
    """Return what git says; empty where it says no, which above all means: there is no such commit."""
    run = subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=False)
    return run.stdout.strip() if run.returncode == 0 else ""
