"""The copies of one model behind a variant or an inference component: started together, asked in turn, counted."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slipway_local.aws import Place
from slipway_local.endpoints.container import Copy, NotStartedError, remove
from slipway_local.permissions.enforcement import enforcement
from slipway_local.training.objects import NoObjectsError, Objects

SESSION = "SageMaker"


class Fleet:
    """Copies of a model of moto's. `about` names them in the log; each has `seconds` to pass its first health check."""

    def __init__(self, place: Place, folder: Path, model: Any, group: str, about: str, seconds: float) -> None:
        self._place, self._folder, self._model = place, folder, model
        self._group, self._about, self.role = group, about, model.execution_role_arn
        self._copies: list[Copy] = []
        self._wanted, self._seconds = 0, seconds
        self._lock, self._sizing = threading.Lock(), threading.Lock()

    @property
    def count(self) -> int:
        """Return how many copies there are."""
        return len(self._copies)

    @property
    def in_flight(self) -> int:
        """Return how many requests are being answered."""
        return sum(copy.in_flight for copy in self._copies)

    def resize(self, count: int) -> None:
        """Start or end copies until there are `count` that live. Raises: NotStartedError."""
        with self._sizing:
            with self._lock:
                self._wanted = count
                self._copies = [copy for copy in self._copies if copy.alive]
            while self.count < count:
                copy = self._started()
                with self._lock:
                    self._copies.append(copy)
            with self._lock:
                spare, self._copies = self._copies[count:], self._copies[:count]
        for copy in spare:
            _drain(copy)

    @property
    def is_hurt(self) -> bool:
        """Return whether a copy has died."""
        return not self._sizing.locked() and sum(copy.alive for copy in self._copies) < self._wanted

    def heal(self) -> None:
        """Start what has died again. Raises: NotStartedError."""
        self.resize(self._wanted)

    def close(self) -> None:
        """End all copies at once."""
        with self._lock:
            self._wanted, copies, self._copies = 0, self._copies, []
        for copy in copies:
            copy.stop()
        remove(self._folder)

    def take(self) -> Copy | None:
        """Return the copy with the fewest requests, counted as having one more; None where there is none."""
        with self._lock:
            live = [copy for copy in self._copies if copy.alive]
            if not live:
                return None
            copy = min(live, key=lambda one: one.in_flight)
            copy.in_flight += 1
            return copy

    def give_back(self, copy: Copy) -> None:
        """Count a request as answered."""
        with self._lock:
            copy.in_flight -= 1

    def _started(self) -> Copy:
        image, variables, sources = container_of(self._place, self._model)
        credentials = enforcement.sessions.open(self.role, SESSION, self._place.region)
        if not self._folder.is_dir():
            self._fetch(sources, Objects(self._place.client("s3", credentials)))
        copy = Copy(self._say)
        aws = {
            "AWS_ENDPOINT_URL": self._place.endpoint_url, "AWS_REGION": self._place.region,
            "AWS_ACCESS_KEY_ID": credentials.access_key_id, "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
            "AWS_SESSION_TOKEN": credentials.session_token,
        }  # fmt: skip
        isolated = bool(getattr(self._model, "enable_network_isolation", False))
        copy.start(self._folder, image, {**({} if isolated else aws), **variables}, self._seconds)
        return copy

    def _fetch(self, sources: list[tuple[str, bool]], objects: Objects) -> None:
        self._folder.mkdir(parents=True)
        try:
            for address, packed in sources:
                objects.unpack(address, self._folder) if packed else objects.download(address, self._folder)
        except Exception as error:
            remove(self._folder)
            reason = "" if isinstance(error, NoObjectsError) else f" ({type(error).__name__})"
            raise NotStartedError(f"Could not read the model's data: {error}{reason}") from error

    def _say(self, line: str) -> None:
        from moto.logs.models import logs_backends

        logs = logs_backends[self._place.account][self._place.region]
        if self._group not in logs.groups:
            logs.create_log_group(self._group, {})
        if self._about not in logs.groups[self._group].streams:
            logs.create_log_stream(self._group, self._about)
        event = {"timestamp": round(time.time() * 1000), "message": line}
        logs.put_log_events(self._group, self._about, [event])


def container_of(place: Place, model: Any) -> tuple[str, Mapping[str, str], list[tuple[str, bool]]]:
    """Return the image, the variables and the data (address, whether packed) of a model or of its package."""
    container = model.primary_container or (model.containers or [{}])[0]
    if container.get("ModelPackageName"):
        package = place.client("sagemaker").describe_model_package(ModelPackageName=container["ModelPackageName"])
        container = package["InferenceSpecification"]["Containers"][0]
    sources = [(container["ModelDataUrl"], True)] if container.get("ModelDataUrl") else []
    if source := (container.get("ModelDataSource") or {}).get("S3DataSource"):
        sources.append((source["S3Uri"], source["CompressionType"] == "Gzip"))
    return container["Image"], container.get("Environment") or {}, sources


def _drain(copy: Copy) -> None:
    """Let a copy answer what it has, for up to half a minute."""
    deadline = time.monotonic() + 30
    while copy.in_flight and time.monotonic() < deadline:
        time.sleep(0.05)
    copy.stop()
