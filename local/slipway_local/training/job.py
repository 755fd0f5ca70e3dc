"""What training and processing jobs share: their folder for /opt/ml, credentials of their role, packages, log."""

import functools
import os
import shutil
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from slipway_local.aws import Credentials, Place
from slipway_local.functions.packages import Packages
from slipway_local.functions.worker import interpreter
from slipway_local.permissions.enforcement import enforcement
from slipway_local.training import runtime
from slipway_local.training.container import Container
from slipway_local.training.objects import Objects

ROOT = "/opt/ml"  # of the container; here each job has a folder of its own
SESSION = "SageMaker"
REASON_CHARACTERS = 1024
PYTHON = ("python", "python3")


class JobFailedError(Exception):
    """The job has failed; the text is its FailureReason."""


class Job(ABC):
    """One job in progress; `record` is what moto keeps of it, whose members the answers show."""

    def __init__(self, place: Place, packages: Packages, folder: Path, record: Any) -> None:
        self.place, self.packages, self.folder, self.record = place, packages, folder, record
        self.stopping = False
        self.container: Container | None = None

    @functools.cached_property
    def credentials(self) -> Credentials:
        """A session of the job's role."""
        return enforcement.sessions.open(self.record.role_arn, SESSION, self.place.region)

    @functools.cached_property
    def objects(self) -> Objects:
        """S3 with the role's permissions."""
        return Objects(self.place.client("s3", self.credentials))

    @abstractmethod
    def finish(self) -> None:
        """Run the job to its end. Raises: JobFailedError, and what S3 refuses."""

    def stop(self) -> None:
        """Send the notice; the job ends by itself, or two minutes later."""
        self.stopping = True
        if self.container is not None:
            self.container.warn()

    def close(self) -> None:
        """End the job at once."""
        self.stopping = True
        if self.container is not None:
            self.container.kill()

    def fresh(self) -> None:
        """Empty the folder, as that of a new instance."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def here(self, text: str) -> str:
        """Return a path or argument with the container's root replaced by the job's folder."""
        return text.replace(ROOT, str(self.folder)) if text.startswith(ROOT) or f"={ROOT}" in text else text

    def command(self, words: list[str]) -> list[str]:
        """Return a container's command as it runs here: by this machine's Python."""
        first = [interpreter()] if words[0].rsplit("/", 1)[-1] in PYTHON else [self.here(words[0])]
        return [*first, *map(self.here, words[1:])]

    def environment(self, given: dict[str, str], code: Path) -> dict[str, str]:
        """Return the variables of the process; what is installed is torch and the `requirements.txt` of the code."""
        file = code / "requirements.txt"
        installed = runtime.python_path(self.packages, file.read_bytes()) if file.is_file() else []
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "PYTHONPATH": os.pathsep.join([str(code), *map(str, installed)]),
            "PYTHONNOUSERSITE": "1",
            "PYTHONUNBUFFERED": "1",
            "AWS_ENDPOINT_URL": self.place.endpoint_url,
            "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": self.place.endpoint_url,
            "AWS_REGION": self.place.region,
            "AWS_DEFAULT_REGION": self.place.region,
            "AWS_ACCESS_KEY_ID": self.credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.credentials.secret_access_key,
            "AWS_SESSION_TOKEN": self.credentials.session_token,
            **{name: self.here(value) for name, value in given.items()},
        }
