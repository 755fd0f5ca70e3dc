"""The process that stands for a job's container: started, heard, warned, ended.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

# Between the notice and the end, as SageMaker and EC2 Spot give it.
NOTICE_SECONDS = 120.0
POLL_SECONDS = 0.1


class Container:
    """One process group; `say` gets each line that it prints, `meanwhile` is called again and again while it runs."""

    def __init__(self, say: Callable[[str], None], meanwhile: Callable[[], None] = lambda: None) -> None:
        self._say, self._meanwhile = say, meanwhile
        self._process: subprocess.Popen[str] | None = None
        self._told_at = 0.0
        self._lock = threading.Lock()

    def run(self, command: list[str], env: Mapping[str, str], folder: Path, seconds: float) -> tuple[int, bool]:
        """Return the exit code, and whether `seconds` were not enough."""
        with self._lock:
            if self._told_at:
                return 0, False
            self._process = subprocess.Popen(
                command, env=dict(env), cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
            )  # fmt: skip
        process, late, deadline = self._process, False, time.monotonic() + seconds
        reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        reader.start()
        while process.poll() is None:
            now = time.monotonic()
            if not self._told_at and now > deadline:
                late = True
                self.warn()
            if self._told_at and now > self._told_at + NOTICE_SECONDS:
                self.kill()
            self._meanwhile()
            time.sleep(POLL_SECONDS)
        self.kill()  # what it has left behind
        reader.join(timeout=10)
        return process.returncode, late

    def warn(self) -> None:
        """Send the notice (SIGTERM); what has not ended two minutes later is killed."""
        with self._lock:
            self._told_at = self._told_at or time.monotonic()
            if self._process is not None and self._process.poll() is None:
                self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process and those that it started."""
        if self._process is not None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return

    def _read(self, process: "subprocess.Popen[str]") -> None:
        for line in process.stdout or ():
            self._say(line.rstrip("\n"))
