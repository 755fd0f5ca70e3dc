"""The cloud assembly of a folder, or of a git revision: synthesised offline, once for the same content."""

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slipway_cli.errors import CommandError, UsageError
from slipway_cli.synth import INPUTS, run_app
from slipway_cli.templates import WITHOUT_BUNDLING

KEPT = 6  # assemblies of revisions, a few megabytes each


@dataclass(frozen=True, kw_only=True)
class Source:
    """A synthesised source: the assembly's folder, and the folder that holds its config/ (none for an assembly)."""

    assembly: Path
    root: Path | None


@contextmanager
def synthesised(repository: Path, source: str, environment: str | None = None) -> Iterator[Source]:
    """Give the assembly that `source` names: a folder, or a git revision, synthesised offline in a temporary checkout.

    A revision's templates and config/ are kept in .slipway/cache, by the content of all that decides them.
    Raises: UsageError if it is neither; CommandError if the revision cannot be synthesised.
    """
    if Path(source).is_dir():
        yield Source(assembly=Path(source), root=None)
        return
    if source.startswith("-") or _git(repository, "rev-parse", "--verify", "--quiet", f"{source}^{{commit}}"):
        raise UsageError(f"{source!r} is neither a folder nor a git revision of {repository}")
    revisions = repository / ".slipway" / "cache" / "revisions"
    kept = revisions / _fingerprint(repository, source, environment)
    if not kept.is_dir():
        _keep(repository, source, environment, kept)
    kept.touch()
    for old in sorted(revisions.glob("[!.]*"), key=lambda each: each.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    yield Source(assembly=kept / "assembly", root=kept)


def _keep(repository: Path, revision: str, environment: str | None, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=kept.parent) as temporary:
        root, made = Path(temporary) / "checkout", Path(temporary) / "made"
        made.mkdir()
        _check_out(repository, revision, root)
        try:
            run_app(root, made / "assembly", WITHOUT_BUNDLING | ({"env": environment} if environment else {}))
        except CommandError as error:
            raise CommandError(f"revision {revision} cannot be synthesised:\n{error}") from error
        for asset in made.rglob("asset.*"):
            shutil.rmtree(asset) if asset.is_dir() else asset.unlink()
        if (root / "config").is_dir():
            shutil.copytree(root / "config", made / "config")
        try:
            made.rename(kept)
        except OSError:
            if not kept.is_dir():  # else another process was faster, with the same content
                raise


def _fingerprint(repository: Path, revision: str, environment: str | None) -> str:
    """Name what decides a revision's templates: its own sources, and the packages of this checkout that run them."""
    command = ["git", "-C", str(repository), "ls-tree", revision, "--", *INPUTS]
    digest = hashlib.sha256(subprocess.run(command, capture_output=True, check=True).stdout)
    packages = repository / "requirements.txt"
    digest.update(packages.read_bytes() if packages.is_file() else b"")
    return hashlib.sha256(f"{digest.hexdigest()} {environment}".encode()).hexdigest()[:32]


def _check_out(repository: Path, revision: str, folder: Path) -> None:
    archive = folder.with_suffix(".tar")
    if message := _git(repository, "archive", f"--output={archive}", revision):
        raise CommandError(f"git archive {revision}: {message}")
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")


def _git(repository: Path, *arguments: str) -> str:
    """Run git; return an empty text if it worked, else what it said."""
    run = subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=False)
    return "" if run.returncode == 0 else run.stderr.strip() or "failed"
