"""Where things are: the checkout that the command belongs to, and what it keeps in `.slipway/`."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import stacks
from slipway_cli.errors import CommandError, UsageError


@dataclass(frozen=True, kw_only=True)
class Project:
    """The folders of one checkout. `root` holds app.py and config/.

    `home` is what Slipway keeps between runs; safe to delete while nothing runs.
    """

    root: Path
    home: Path

    @property
    def cache(self) -> Path:
        """Installed packages, which every environment and every home may share."""
        return self.root / ".slipway" / "cache"

    def environments(self) -> list[str]:
        """The names of the environments in config/, sorted."""
        return sorted(path.stem for path in (self.root / "config").glob("*.yaml"))

    def require_environment(self, name: str) -> str:
        """`name`, if config/ has it.

        Raises: UsageError that lists the environments there are.
        """
        if name not in self.environments():
            known = ", ".join(self.environments()) or "none"
            raise UsageError(f"there is no environment {name!r} in {self.root / 'config'} (there are: {known})")
        return name

    def state(self, environment: str) -> Path:
        """The folder in which the local cloud keeps this environment."""
        return self.home / environment

    @contextmanager
    def lock(self, environment: str) -> Iterator[None]:
        """Wait until no other command brings this environment up, and keep others out.

        Raises: CommandError if nothing can be written there.
        """
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            lock = (self.home / f"{environment}.lock").open("w")
        except OSError as error:
            raise CommandError(f"{self.home} cannot be written to: {error.strerror}; set SLIPWAY_HOME") from error
        with lock as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def assembly(self, environment: str) -> Path:
        """The folder that holds this environment's synthesised cloud assembly."""
        return self.home / "assembly" / environment


def project() -> Project:
    """The checkout that this command was installed from; SLIPWAY_HOME names another folder than its `.slipway`."""
    root = Path(stacks.__file__).resolve().parents[1]
    home = os.environ.get("SLIPWAY_HOME")
    return Project(root=root, home=Path(home).resolve() if home else root / ".slipway")
