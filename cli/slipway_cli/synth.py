"""Synthesise one environment for the local cloud, unless nothing that decides the result has changed."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from slipway_cli.errors import CommandError
from slipway_cli.project import Project

INPUTS = ("app.py", "cdk.json", "requirements.txt", "config", "stacks", "constructs", "lambda")
SOURCE_ROOTS = (".", "constructs", "lambda")
STAMP = ".inputs"
TIMEOUT_SECONDS = 900  # the first synthesis downloads the functions' packages


def _input_files(root: Path) -> Iterator[Path]:
    for name in INPUTS:
        path = root / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                yield file


def _fingerprint(root: Path, environment: str) -> str:
    digest = hashlib.sha256(environment.encode())
    for file in _input_files(root):
        digest.update(f"\0{file.relative_to(root)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def synthesise(project: Project, environment: str) -> Path:
    """The folder of the environment's cloud assembly, made by the project's own app.py, current with its sources.

    Raises: CommandError with the app's own message if it cannot be synthesised (a mistake in config/, say).
    """
    folder = project.assembly(environment)
    fingerprint = _fingerprint(project.root, environment)
    stamp = folder / STAMP
    if stamp.is_file() and stamp.read_text() == fingerprint:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    try:
        run_app(project.root, folder, {"env": environment})
    except CommandError as error:
        raise CommandError(f"the environment {environment!r} cannot be synthesised:\n{error}") from error
    stamp.write_text(fingerprint)
    return folder


def run_app(root: Path, folder: Path, context: dict[str, object]) -> None:
    """Write the cloud assembly of the checkout at `root` to `folder`, with `context` over that of cdk.json.

    Raises: CommandError with what the app wrote to stderr if it fails, or if it does not end.
    """
    variables = {  # how the CDK CLI itself passes the output folder and the context
        # This checkout's own sources, also where another checkout is the installed one.
        "PYTHONPATH": os.pathsep.join(str(root / source) for source in SOURCE_ROOTS),
        "CDK_OUTDIR": str(folder),
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_VALIDATION": "false",  # CI validates; here it would only cost seconds
    }
    command = [sys.executable, "app.py"]
    try:
        run = subprocess.run(
            command, cwd=root, env=os.environ | variables, capture_output=True, text=True, check=False,
            timeout=TIMEOUT_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        text = (error.stderr or b"").decode("utf-8", "replace").strip()
        raise CommandError(
            f"synthesis did not end within {TIMEOUT_SECONDS} s; its last words: {text[-1000:]}"
        ) from error
    if run.returncode != 0:
        raise CommandError(run.stderr.strip())
