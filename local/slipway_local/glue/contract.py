"""Glue's contract with a job's script: where it lies, what it is called with, what it finds installed.

What this cloud cannot do for a job is refused by name.
Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from slipway_local.functions.packages import Packages

# Parameters of Glue itself that concern files, and which of them work here.
FILES = ("--extra-jars", "--extra-files", "--user-jars-first")
MODULES, INSTALLER = "--additional-python-modules", "--python-modules-installer-option"
SPARK = "--conf"


class UnsupportedJobError(Exception):
    """The job asks for something that is not emulated."""


def check(job: Any, arguments: dict[str, str]) -> None:
    """Raise UnsupportedJobError for what a job cannot have here."""
    command = job.command or {}
    if command.get("Name") != "glueetl":
        raise UnsupportedJobError(f"the command {command.get('Name')!r}; supported is 'glueetl'")
    if not str(job.glue_version).startswith("5."):
        raise UnsupportedJobError(f"Glue {job.glue_version}; supported is 5.1 (Spark 3.5.6)")
    if (job.connections or {}).get("Connections"):
        raise UnsupportedJobError("connections; leave them out")
    if job.max_retries:
        raise UnsupportedJobError(f"MaxRetries {job.max_retries}; supported is 0: retry in a state machine")
    if found := [name for name in FILES if name in arguments]:
        raise UnsupportedJobError(f"{', '.join(found)}; put Python packages into --extra-py-files")
    if MODULES in arguments and arguments.get(INSTALLER) != "-r":
        raise UnsupportedJobError(f"{MODULES} as a list; name a requirements file with hashes and {INSTALLER} -r")


def download(s3: Any, address: str) -> bytes:
    """Return the object at an s3:// address. Raises: ClientError, and UnsupportedJobError for another address."""
    parts = urlsplit(address)
    if parts.scheme != "s3":
        raise UnsupportedJobError(f"the address {address}; supported are s3:// addresses")
    body: bytes = s3.get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"))["Body"].read()
    return body


def python_path(s3: Any, packages: Packages, arguments: dict[str, str], folder: Path) -> list[str]:
    """Return the folders of the job's own packages: modules by their lock, and the files it brings."""
    found = []
    for number, address in enumerate(filter(None, arguments.get("--extra-py-files", "").split(","))):
        path = folder / f"{number}-{address.rsplit('/', 1)[-1]}"
        path.write_bytes(download(s3, address.strip()))
        found.append(str(path))
    if MODULES in arguments:
        found.append(str(packages.lock(download(s3, arguments[MODULES]))))
    return found


def command_line(job: Any, run: Any) -> list[str]:
    """Return the script's arguments as Glue gives them: its own, then the run's by name and value."""
    own = {"--JOB_NAME": job.name, "--JOB_ID": f"j_{run.job_run_id[3:]}", "--JOB_RUN_ID": run.job_run_id}
    given = {**own, **{name if name.startswith("--") else f"--{name}": text for name, text in run.arguments.items()}}
    return [part for name, text in given.items() for part in ((name, text) if text != "" else (name,))]
