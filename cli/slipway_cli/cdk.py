"""Deploys an assembly to a local cloud by the real CDK CLI, which knows of it only by AWS_ENDPOINT_URL."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from slipway_cli.errors import CommandError
from slipway_cli.project import Project
from slipway_local.deploy.assembly import read_assembly

LAST_LINES = 30


def deploy(here: Project, assembly: Path, endpoint_url: str, show: Callable[[str], None]) -> None:
    """Bootstrap the assembly's environments and deploy its stacks, telling `show` each line that the CLI prints.

    Raises: CommandError with the CLI's last lines if it fails or is not installed.
    """
    environments = sorted({f"aws://{stack.account}/{stack.region}" for stack in read_assembly(assembly)})
    _run(here, ["bootstrap", *environments], endpoint_url, show)
    _run(here, ["deploy", "--app", str(assembly), "**", "--require-approval", "never"], endpoint_url, show)


def _run(here: Project, arguments: list[str], endpoint_url: str, show: Callable[[str], None]) -> None:
    program = here.root / "node_modules" / "aws-cdk" / "bin" / "cdk"
    if not program.exists():
        raise CommandError(f"the CDK CLI is not installed ({program}); `make setup` installs it")
    command = [os.environ.get("JSII_NODE", "node"), str(program), *arguments, "--progress", "events", "--no-color"]
    variables = {
        # By its number: the CLI puts bucket names in front of a host name, and not every machine resolves those.
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{urlsplit(endpoint_url).port}",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": "us-east-1",
        "CI": "true",  # everything to stdout
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    process = subprocess.Popen(
        command, cwd=here.root, env=inherited | variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    lines: list[str] = []
    for line in process.stdout or ():
        if line.strip():
            lines = [*lines, line.rstrip()][-LAST_LINES:]
            show(lines[-1])
    if process.wait() != 0:
        raise CommandError(f"cdk {arguments[0]} failed:\n" + "\n".join(lines))
