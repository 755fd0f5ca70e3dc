"""One run of a Glue job: a process of its script, with the role's credentials and this cloud's endpoint."""

import os
import signal
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

from slipway_local.aws import Place
from slipway_local.functions.packages import Packages
from slipway_local.functions.worker import interpreter
from slipway_local.glue import contract, runtime
from slipway_local.permissions.enforcement import enforcement

SESSION = "GlueJobRunnerSession"
DEFAULT_TIMEOUT_MINUTES = 480
KEPT_OUTPUT_CHARACTERS = 200_000
REASON_CHARACTERS = 1_000


class Process:
    """The run's process; `finish` waits for it and returns state and error message."""

    def __init__(self, place: Place, packages: Packages, job: Any, run: Any) -> None:
        self.stopped = threading.Event()
        self._place, self._packages, self._job, self._run = place, packages, job, run
        self._process: subprocess.Popen[str] | None = None
        self.output = self.errors = ""

    def stop(self) -> None:
        """End the process and those that it started."""
        self.stopped.set()
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)

    def finish(self) -> tuple[str, str]:
        """Run the script to its end and return JobRunState and ErrorMessage."""
        with tempfile.TemporaryDirectory(prefix="glue-") as folder:
            try:
                command, variables = self._prepare(Path(folder))
            except (runtime.NoJavaError, contract.UnsupportedJobError, RuntimeError) as error:
                return "FAILED", str(error)
            return self._execute(command, variables, folder)

    def _execute(self, command: list[str], variables: dict[str, str], folder: str) -> tuple[str, str]:
        if self.stopped.is_set():
            return "STOPPED", ""
        minutes = self._run.timeout or DEFAULT_TIMEOUT_MINUTES
        self._process = subprocess.Popen(
            command, env=variables, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
        state = "FAILED"
        try:
            self.output, self.errors = self._process.communicate(timeout=minutes * 60)
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
        credentials = enforcement.sessions.open(self._role(), SESSION, self._place.region)
        s3 = self._place.client("s3", credentials)
        home = runtime.java_home()
        script = folder / "script.py"
        script.write_bytes(contract.download(s3, self._job.command["ScriptLocation"]))
        path = [
            *contract.python_path(s3, self._packages, self._run.arguments, folder),
            str(runtime.python_path(self._packages)),
        ]
        python = interpreter()
        variables = {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": os.pathsep.join(path),
            "PYTHONNOUSERSITE": "1",
            "PYSPARK_PYTHON": python,
            "PYSPARK_DRIVER_PYTHON": python,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_SUBMIT_ARGS": "--master local[*] --conf spark.ui.enabled=false pyspark-shell",
            "HOME": str(folder),
            "AWS_ENDPOINT_URL": self._place.endpoint_url,
            "AWS_REGION": self._place.region,
            "AWS_DEFAULT_REGION": self._place.region,
            "AWS_ACCESS_KEY_ID": credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
            "AWS_SESSION_TOKEN": credentials.session_token,
            **({"JAVA_HOME": home} if home else {}),
        }
        return [python, str(script), *contract.command_line(self._job, self._run)], variables

    def _role(self) -> str:
        role: str = self._job.role
        if role.startswith("arn:"):
            return role
        return f"arn:{self._place.partition}:iam::{self._place.account}:role/{role.lstrip('/')}"
