"""The synthesised templates that a command compares or prices: of a cloud assembly, or of a git revision."""

import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipway_cli.errors import CommandError, UsageError
from slipway_cli.synth import run_app
from slipway_local.deploy.assembly import read_assembly

Resources = dict[str, dict[str, Any]]
WITHOUT_BUNDLING: dict[str, object] = {"aws:cdk:bundling-stacks": []}


@dataclass(frozen=True, kw_only=True)
class StackTemplate:
    """One stack: its name `slipway-<environment>-<part>`, and its resources by logical id."""

    name: str
    region: str
    resources: Resources

    @property
    def part(self) -> str:
        """What the name ends in: foundation, retrieval …; the whole name where it has no hyphen."""
        return self.name.rsplit("-", 1)[-1]

    @property
    def environment(self) -> str:
        """The environment that the name tells; empty for a stack that is named otherwise."""
        return self.name.rsplit("-", 1)[0].removeprefix("slipway-") if self.name.startswith("slipway-") else ""


def read_templates(folder: Path, environment: str | None = None) -> list[StackTemplate]:
    """The stacks of a cloud assembly in deployment order; only those of `environment` if it is given.

    Raises: UsageError if the folder is no cloud assembly.
    """
    try:
        stacks = read_assembly(folder)
    except FileNotFoundError as error:
        raise UsageError(f"{folder} is no cloud assembly (it has no manifest.json); `make synth` writes one") from error
    found = [
        StackTemplate(
            name=stack.name, region=stack.region, resources=json.loads(stack.template_path.read_text())["Resources"]
        )
        for stack in stacks
    ]
    return [stack for stack in found if environment in (None, stack.environment)]


@dataclass(frozen=True, kw_only=True)
class Source:
    """A synthesised source: the assembly's folder, and the folder that holds its config/ (none for an assembly)."""

    assembly: Path
    root: Path | None


@contextmanager
def synthesised(repository: Path, source: str, environment: str | None = None) -> Iterator[Source]:
    """Give the assembly that `source` names: a folder, or a git revision, synthesised offline in a temporary checkout.

    Raises: UsageError if it is neither; CommandError if the revision cannot be synthesised.
    """
    if Path(source).is_dir():
        yield Source(assembly=Path(source), root=None)
        return
    with tempfile.TemporaryDirectory(prefix="slipway-") as temporary:
        root, assembly = Path(temporary) / "checkout", Path(temporary) / "assembly"
        _check_out(repository, source, root)
        try:
            run_app(root, assembly, WITHOUT_BUNDLING | ({"env": environment} if environment else {}))
        except CommandError as error:
            raise CommandError(f"revision {source} cannot be synthesised:\n{error}") from error
        yield Source(assembly=assembly, root=root)


def _check_out(repository: Path, revision: str, folder: Path) -> None:
    if revision.startswith("-") or _git(repository, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"):
        raise UsageError(f"{revision!r} is neither a folder nor a git revision of {repository}")
    archive = folder.with_suffix(".tar")
    if message := _git(repository, "archive", f"--output={archive}", revision):
        raise CommandError(f"git archive {revision}: {message}")
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")


def _git(repository: Path, *arguments: str) -> str:
    """Run git; return an empty text if it worked, else what it said."""
    run = subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=False)
    return "" if run.returncode == 0 else run.stderr.strip() or "failed"
