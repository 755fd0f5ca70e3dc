"""Where things are: the checkout that the command belongs to, and what it keeps in `.slipway/`."""

from dataclasses import dataclass
from pathlib import Path

import stacks
from slipway_cli.errors import CommandError


@dataclass(frozen=True, kw_only=True)
class Project:
    """The folders of one checkout. `root` holds app.py and config/."""

    root: Path

    @property
    def dot_slipway(self) -> Path:
        """What Slipway keeps between runs; safe to delete while nothing runs."""
        return self.root / ".slipway"

    def environments(self) -> list[str]:
        """The names of the environments in config/, sorted."""
        return sorted(path.stem for path in (self.root / "config").glob("*.yaml"))

    def require_environment(self, name: str) -> str:
        """`name`, if config/ has it.

        Raises: CommandError that lists the environments there are.
        """
        if name not in self.environments():
            known = ", ".join(self.environments()) or "none"
            raise CommandError(f"there is no environment {name!r} in {self.root / 'config'} (there are: {known})")
        return name

    def state(self, environment: str) -> Path:
        """The folder in which the local cloud keeps this environment."""
        return self.dot_slipway / environment

    def assembly(self, environment: str) -> Path:
        """The folder that holds this environment's synthesised cloud assembly."""
        return self.dot_slipway / "assembly" / environment


def project() -> Project:
    """The checkout that this command was installed from."""
    return Project(root=Path(stacks.__file__).resolve().parents[1])
