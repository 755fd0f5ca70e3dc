"""The MLflow server of one app: a process that the first request starts, over a folder that outlives it."""

import http.client
import os
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from slipway_local.functions.packages import Packages
from slipway_local.functions.worker import interpreter
from slipway_local.tracking import runtime

PROGRAM = Path(__file__).with_name("program.py")
START_SECONDS = 180.0
POLL_SECONDS = 0.1


class NoServerError(Exception):
    """The server does not run; the text says why, and what to do."""


class Server:
    """`folder`: for its data and log.   `artifacts`: an s3:// address.   `aws`: variables of its role's session."""

    def __init__(self, packages: Packages, folder: Path, artifacts: str, aws: Mapping[str, str]) -> None:
        self._packages, self._folder, self._artifacts, self._aws = packages, folder, artifacts, aws
        self._process: subprocess.Popen[bytes] | None = None
        self._port, self._lock = 0, threading.Lock()

    def port(self) -> int:
        """Return where it listens, started if it does not run. Raises: NoServerError."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            return self._port

    def close(self) -> None:
        """End the process; its data stays."""
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._process.wait()
                self._process = None

    def _start(self) -> None:
        installed = runtime.installed(self._packages)
        if installed is None:
            raise NoServerError("MLflow's server is not installed on this machine: run `make torch`")
        self._folder.mkdir(parents=True, exist_ok=True)
        self._port = _free_port()
        where = ["--port", str(self._port), "--data", str(self._folder), "--artifacts", self._artifacts]
        env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self._folder), "PYTHONNOUSERSITE": "1"}
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [interpreter(), str(PROGRAM), *where],
                env={**env, **self._aws, "PYTHONPATH": str(installed)},
                stdin=subprocess.PIPE,  # which ends when this process does, however it ends
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.kill()
                end = (self._folder / "log").read_text(errors="replace")[-800:]
                raise NoServerError(f"MLflow's server did not start: {end}")
            time.sleep(POLL_SECONDS)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
