"""Deploys an assembly to a local cloud by the real CDK CLI, which knows of it only by AWS_ENDPOINT_URL."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from slipway_cli.errors import CommandError
from slipway_cli.project import Project
from slipway_cli.target import LOCAL_REGION
from slipway_local.aws import Credentials
from slipway_local.deploy.assembly import read_assembly

LAST_LINES = 30


def variables(endpoint_url: str, administrator: Credentials) -> dict[str, str]:
    """The variables that lead the CDK CLI, the AWS CLI and every SDK to a local cloud, as its administrator."""
    return {
        # By its number: the CLI puts bucket names in front of a host name, and not every machine resolves those.
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{urlsplit(endpoint_url).port}",
        "AWS_ACCESS_KEY_ID": administrator.access_key_id,
        "AWS_SECRET_ACCESS_KEY": administrator.secret_access_key,
        "AWS_REGION": LOCAL_REGION,
        "AWS_DEFAULT_REGION": LOCAL_REGION,  # the name that boto3 knows
    }


def deploy(here: Project, assembly: Path, where: dict[str, str], show: Callable[[str], None]) -> None:
    """Bootstrap the assembly's environments and deploy its stacks, telling `show` each line that the CLI prints.

    `where`: the `variables` of the local cloud.

    Raises: CommandError with the CLI's last lines if it fails or is not installed.
    """
    environments = sorted({f"aws://{stack.account}/{stack.region}" for stack in read_assembly(assembly)})
    _run(here, ["bootstrap", *environments], where, show)
    _run(here, ["deploy", "--app", str(assembly), "**", "--require-approval", "never"], where, show)


def _run(here: Project, arguments: list[str], where: dict[str, str], show: Callable[[str], None]) -> None:
    program = here.root / "node_modules" / "aws-cdk" / "bin" / "cdk"
    if not program.exists():
        raise CommandError(f"the CDK CLI is not installed ({program}); `make setup` installs it")
    command = [os.environ.get("JSII_NODE", "node"), str(program), *arguments, "--progress", "events", "--no-color"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    to_stdout = {"CI": "true"}
    process = subprocess.Popen(
        command, cwd=here.root, env=inherited | where | to_stdout, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    lines: list[str] = []
    for line in process.stdout or ():
        if line.strip():
            lines = [*lines, line.rstrip()][-LAST_LINES:]
            show(lines[-1])
    if process.wait() != 0:
        raise CommandError(f"cdk {arguments[0]} failed:\n" + "\n".join(lines))
