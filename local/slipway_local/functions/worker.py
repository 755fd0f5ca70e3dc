"""One execution environment: a process of the real runtime client, its Runtime API, its log and its deadline.

Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from slipway_local.functions.invocation import Invocation, error_payload
from slipway_local.functions.runtime_api import RuntimeApi
from slipway_local.permissions.enforcement import enforcement

INIT_SECONDS = 60.0  # Lambda allows 10 s; a laptop with a cold disk cache may need longer to import numpy


@dataclass(frozen=True, kw_only=True)
class FunctionSpec:
    """What an environment is made from; two equal specs may share environments."""

    name: str
    arn: str
    version: str
    log_group: str
    runtime: str
    handler: str
    timeout_seconds: int
    memory_mb: int
    code: Path
    python_path: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]
    region: str
    endpoint_url: str
    role: str = ""


def interpreter() -> str:
    """Return the base Python behind the virtual environment, so that the project's packages stay out of sight."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def environment_variables(spec: FunctionSpec, runtime_api: str, scratch: Path) -> dict[str, str]:
    """Return the whole environment of a function's process: what Lambda sets, then the function's own variables.

    The credentials are those of a new session of the execution role, named as the function, as on Lambda.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    """
    credentials = enforcement.sessions.open(spec.role, spec.name, spec.region, spec.arn)
    reserved = {
        "_HANDLER": spec.handler,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_CONFIG_FILE": os.devnull,  # else boto3 reads the settings of the person who runs this
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",  # StartSyncExecution would ask `sync-localhost`
        "AWS_ENDPOINT_URL": spec.endpoint_url,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_REGION": spec.region,
        "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": spec.endpoint_url,  # of SageMaker's plugin for MLflow
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "HOME": str(scratch),
        "LAMBDA_TASK_ROOT": str(spec.code),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": os.pathsep.join([str(spec.code), *spec.python_path]),
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(scratch),
        "TZ": ":UTC",
    }
    own = {name: value for name, value in spec.variables if name not in reserved or name == "AWS_ENDPOINT_URL"}
    return reserved | {"AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info[0]}.{sys.version_info[1]}"} | own


def runtime_command(spec: FunctionSpec) -> list[str]:
    """Return the command of the runtime: the function's own `bootstrap`, or the client, inside a wrapper if one is set.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html and
    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper
    """
    if spec.runtime.startswith("provided"):
        return [str(spec.code / "bootstrap")]
    client = [interpreter(), "-S", "-m", "awslambdaric", spec.handler]
    wrapper = dict(spec.variables).get("AWS_LAMBDA_EXEC_WRAPPER")
    return [wrapper.replace("/var/task", str(spec.code), 1), *client] if wrapper else client


def _exit_reason(status: int) -> str:
    if status == 0:
        return "Runtime exited without providing a reason"
    why = f"exit status {status}" if status > 0 else f"signal: {(signal.strsignal(-status) or str(-status)).lower()}"
    return f"Runtime exited with error: {why}"


class Worker:
    """A running environment. Create it, `invoke` one event at a time, `close` it.

    `log` receives whole lines. After a timeout or a crash the environment is dead and must be replaced, as on Lambda.
    """

    def __init__(self, spec: FunctionSpec, scratch: Path, log: Callable[[list[str]], None]) -> None:
        self.spec = spec
        self._log = log
        self._scratch = scratch
        self._partial = b""
        self._drain_lock = threading.Lock()
        self._warm = False
        scratch.mkdir(parents=True, exist_ok=True)
        self._api = RuntimeApi(self._start_clock)
        self._process = subprocess.Popen(
            runtime_command(spec),
            cwd=spec.code,
            env=environment_variables(spec, self._api.address, scratch),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._output = cast(IO[bytes], self._process.stdout).fileno()
        os.set_blocking(self._output, False)
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def alive(self) -> bool:
        """Return whether the environment can take another event."""
        return self._process.poll() is None and self._api.init_error is None and not self._api.refused

    @property
    def process_id(self) -> int:
        """Return the process id of the runtime client."""
        return self._process.pid

    def invoke(self, invocation: Invocation) -> Invocation:
        """Run one event to its end, its deadline or the process's death; outcome and error are in the invocation."""
        self._log([f"START RequestId: {invocation.request_id} Version: {self.spec.version}"])
        started = time.monotonic()
        self._api.offer(invocation)
        if not self.alive:
            self._on_exit()
        elif not invocation.taken.wait(self.spec.timeout_seconds if self._warm else INIT_SECONDS):
            self._kill()
            self._report_timeout(invocation, INIT_SECONDS)
        self._warm = True
        if not invocation.finished.wait(invocation.timeout_seconds):
            self._time_out(invocation)
        self._drain()
        self._flush()
        milliseconds = (time.monotonic() - started) * 1000
        self._log(
            [
                f"END RequestId: {invocation.request_id}",
                f"REPORT RequestId: {invocation.request_id}\tDuration: {milliseconds:.2f} ms\t"
                f"Memory Size: {self.spec.memory_mb} MB",
            ]
        )
        return invocation

    def close(self) -> None:
        """End the process and the server; harmless when already ended."""
        self._kill()
        self._api.close()

    def _start_clock(self, invocation: Invocation) -> None:
        invocation.deadline_ms = int((time.time() + invocation.timeout_seconds) * 1000)

    def _time_out(self, invocation: Invocation) -> None:
        self._kill()
        self._report_timeout(invocation, invocation.timeout_seconds)

    def _report_timeout(self, invocation: Invocation, seconds: float) -> None:
        message = f"RequestId: {invocation.request_id} Error: Task timed out after {seconds:.2f} seconds"
        invocation.finish(error_payload("Sandbox.Timedout", message), failed=True)
        self._log([message])

    def _kill(self) -> None:
        # The session id equals the process id: a function's own children end with it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, 9)
        self._process.wait()

    def _watch(self) -> None:
        while self._process.poll() is None:
            select.select([self._output], [], [], 0.5)
            if self._drain() == 0 and self._process.poll() is None:
                time.sleep(0.005)  # the pipe is at its end but the process is not: it closed its output
        self._drain()
        self._flush()
        self._on_exit()

    def _on_exit(self) -> None:
        current = self._api.current
        if current is not None:
            text = f"RequestId: {current.request_id} Error: {_exit_reason(self._process.wait())}"
            self._api.fail_current(self._api.init_error or error_payload("Runtime.ExitError", text))

    def _drain(self) -> int:
        """Move what the process has printed to the log; return the number of bytes."""
        with self._drain_lock:
            read = 0
            with contextlib.suppress(BlockingIOError, OSError):
                while data := os.read(self._output, 65536):
                    read += len(data)
                    *lines, self._partial = (self._partial + data).split(b"\n")
                    self._log([line.decode("utf-8", "replace") for line in lines])
            return read

    def _flush(self) -> None:
        with self._drain_lock:
            if self._partial:
                self._log([self._partial.decode("utf-8", "replace")])
                self._partial = b""
