"""The command `slipway` as the tests run it: a real process, in a home of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipway_cli.project import Project, project
from slipway_local import cloud
from slipway_local.aws import Place

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Slipway:
    """The command `slipway`, with a home of its own so that a user's running local cloud is left alone."""

    home: Path

    @property
    def env(self) -> dict[str, str]:
        return os.environ | {"SLIPWAY_HOME": str(self.home), "COLUMNS": "200"}

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [str(BIN / "slipway"), *map(str, arguments)]
        return subprocess.run(command, env=self.env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)

    def json(self, *arguments: object) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def place(self, environment: str = "dev") -> Place:
        """The running local cloud, for clients of its administrator."""
        state = self.home / environment
        return Place(endpoint_url=cloud.status(state).endpoint_url, administrator=cloud.credentials(state))

    @property
    def project(self) -> Project:
        return Project(root=project().root, home=self.home)
