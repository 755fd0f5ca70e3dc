"""One run of a Spark script: a process of it, with the role's credentials and this cloud's endpoint."""

import os
import shlex
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slipway_local.aws import Place
from slipway_local.functions.packages import Packages
from slipway_local.functions.worker import interpreter
from slipway_local.glue import contract, runtime
from slipway_local.permissions.enforcement import enforcement

KEPT_OUTPUT_CHARACTERS = 200_000
REASON_CHARACTERS = 1_000


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a run does: the script at an s3:// address with its arguments, as a role, in a session of a name.

    `python_path` is given a client of S3 and a folder for files, and returns where the script's packages are.
    `settings` are Spark's, as `name=value`. `minutes` is the longest that it may take.
    """

    role: str
    session: str
    minutes: int
    script: str
    arguments: list[str]
    python_path: Callable[[Any, Path], list[str]]
    settings: list[str] = field(default_factory=list)


class Process:
    """The run's process; `finish` waits for it and returns state and error message."""

    def __init__(self, place: Place, packages: Packages, work: Work) -> None:
        self.stopped = threading.Event()
        self._place, self._packages, self._work = place, packages, work
        self._process: subprocess.Popen[str] | None = None
        self.output = self.errors = ""

    def stop(self) -> None:
        """End the process and those that it started."""
        self.stopped.set()
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)

    def finish(self) -> tuple[str, str]:
        """Run the script to its end and return SUCCEEDED, FAILED, STOPPED or TIMEOUT, and an error message."""
        with tempfile.TemporaryDirectory(prefix="spark-") as folder:
            try:
                command, variables = self._prepare(Path(folder))
            except (runtime.NoJavaError, contract.UnsupportedJobError, RuntimeError) as error:
                return "FAILED", str(error)
            return self._execute(command, variables, folder)

    def _execute(self, command: list[str], variables: dict[str, str], folder: str) -> tuple[str, str]:
        if self.stopped.is_set():
            return "STOPPED", ""
        self._process = subprocess.Popen(
            command, env=variables, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
        state = "FAILED"
        try:
            self.output, self.errors = self._process.communicate(timeout=self._work.minutes * 60)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self.output, self.errors = self._process.communicate()
            state = "TIMEOUT"
        if self.stopped.is_set():
            return "STOPPED", ""
        if self._process.returncode == 0:
            return "SUCCEEDED", ""
        lines = [line for line in self.errors.splitlines() if line.strip()]
        return state, (lines[-1] if lines else f"exit status {self._process.returncode}")[:REASON_CHARACTERS]

    def _prepare(self, folder: Path) -> tuple[list[str], dict[str, str]]:
        credentials = enforcement.sessions.open(self._work.role, self._work.session, self._place.region)
        s3 = self._place.client("s3", credentials)
        home = runtime.java_home()
        script = folder / "script.py"
        script.write_bytes(contract.download(s3, self._work.script))
        path = [*self._work.python_path(s3, folder), str(runtime.python_path(self._packages))]
        settings = [part for setting in self._work.settings for part in ("--conf", shlex.quote(setting))]
        python = interpreter()
        variables = {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": os.pathsep.join(path),
            "PYTHONNOUSERSITE": "1",
            "PYSPARK_PYTHON": python,
            "PYSPARK_DRIVER_PYTHON": python,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_SUBMIT_ARGS": " ".join(
                ["--master local[*] --conf spark.ui.enabled=false", *settings, "pyspark-shell"]
            ),
            "HOME": str(folder),
            "AWS_ENDPOINT_URL": self._place.endpoint_url,
            "AWS_REGION": self._place.region,
            "AWS_DEFAULT_REGION": self._place.region,
            "AWS_ACCESS_KEY_ID": credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
            "AWS_SESSION_TOKEN": credentials.session_token,
            **({"JAVA_HOME": home} if home else {}),
        }
        return [python, str(script), *self._work.arguments], variables
