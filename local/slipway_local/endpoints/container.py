"""One copy of a model: a process that answers `/ping` and `/invocations` on loopback, as its container would.

The program is that of the image: `model_server.py` for the images of AWS's model servers. A `serve.py` among the
model's files runs in its place: `python serve.py --port PORT --model FOLDER`.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from slipway_local.functions.worker import interpreter

SERVED = ("djl-inference", "vllm", "huggingface-pytorch-tgi-inference", "huggingface-vllm-inference-neuronx")
PROGRAM = Path(__file__).with_name("model_server.py")
ROOT = "/opt/ml"
# A copy that does not answer in time is in the way. Source: API_runtime_InvokeEndpoint, "60 seconds".
INVOCATION_SECONDS = 60.0
PING_SECONDS = 2.0
POLL_SECONDS = 0.05


class NotStartedError(Exception):
    """The copy did not come up; the text is the FailureReason."""


class Copy:
    """A running copy. `in_flight` counts requests; `say` gets each line that it prints."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._process: subprocess.Popen[str] | None = None
        self.port, self.in_flight = 0, 0

    def start(self, folder: Path, image: str, variables: Mapping[str, str], seconds: float) -> None:
        """Run the program of an image over the files in `folder`. Raises: NotStartedError."""
        self.port = _free_port()
        arguments = ["--port", str(self.port), "--model", str(folder)]
        here = {name: value.replace(ROOT + "/model", str(folder)) for name, value in variables.items()}
        env = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONUNBUFFERED": "1", "PYTHONNOUSERSITE": "1", **here}
        env["HOME"] = str(folder)  # below the scratch folder: what a killed daemon leaves behind is found by it
        self._process = subprocess.Popen(
            [interpreter(), str(program_of(image, folder)), *arguments], env=env, cwd=folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace",
            start_new_session=True,
        )  # fmt: skip
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        deadline = time.monotonic() + seconds
        while not self.healthy():
            if self._process.poll() is not None:
                raise NotStartedError(f"The container ended with exit code {self._process.returncode}. See its log.")
            if time.monotonic() > deadline:
                self.stop()
                raise NotStartedError(f"The container did not pass the ping health check within {seconds:g} seconds.")
            time.sleep(POLL_SECONDS)

    @property
    def alive(self) -> bool:
        """Return whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def healthy(self) -> bool:
        """Return whether `/ping` says 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PING_SECONDS)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def invoke(
        self, body: bytes, headers: Mapping[str, str]
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Return the answer, unread, with the connection to close. Raises: OSError where the copy is gone, or slow."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=INVOCATION_SECONDS)
        try:
            connection.request("POST", "/invocations", body, dict(headers))
            return connection, connection.getresponse()
        except http.client.HTTPException as error:
            connection.close()
            raise OSError(str(error)) from error
        except OSError:
            connection.close()
            raise

    def stop(self) -> None:
        """End the process and those that it started."""
        if self._process is not None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return
            self._process.wait()

    def _read(self, process: "subprocess.Popen[str]") -> None:
        for line in process.stdout or ():
            self._say(line.rstrip("\n"))


def program_of(image: str, folder: Path) -> Path:
    """Return the program of an image. Raises: NotStartedError for one that is not known here."""
    if (folder / "serve.py").is_file():
        return folder / "serve.py"
    if image.rpartition("/")[2].partition(":")[0] in SERVED:
        return PROGRAM
    raise NotStartedError(
        f"This local cloud has no program for the image {image}: it has one for {', '.join(SERVED)}. Put a serve.py "
        "among the model's files, which it runs in the image's place."
    )


def remove(folder: Path) -> None:
    """Remove the files of a model that is no longer served."""
    shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
