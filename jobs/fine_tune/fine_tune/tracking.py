"""Follows a training in MLflow and Weights & Biases, where the environment names them. It never ends a training.

MLFLOW_TRACKING_URI: the ARN of a SageMaker MLflow App, or a server's address; MLFLOW_EXPERIMENT_NAME.
WANDB_SECRET_ID: the secret with an account's key, read when the training starts; WANDB_PROJECT, WANDB_ENTITY.
What is told is also in tracking.jsonl beside metrics.json, whatever becomes of the services.
"""

import functools
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from fine_tune import tracking_mlflow, tracking_wandb

FILE = "tracking.jsonl"
Numbers = Mapping[str, float]


class Service(Protocol):
    """One of the two. `address` is where a person finds the run."""

    address: str

    def log(self, values: Numbers, step: int) -> None:
        """Record numbers of a step."""

    def finish(self, manifest: Mapping[str, Any], files: list[Path]) -> None:
        """Record what came out, and end the run."""

    def fail(self) -> None:
        """End the run as failed."""


class Tracker:
    """Tells each service that is configured. What fails is said once and left out from then on.

    `told`: the hyperparameters.   `facts`: of the data and the base.   `folder`: where the file goes.
    """

    def __init__(
        self, env: Mapping[str, str], told: Mapping[str, Any], facts: Mapping[str, Any], *, name: str, folder: Path
    ) -> None:
        self.problems: list[str] = []
        self._file, self._services = folder / FILE, dict[str, Service]()
        makers: dict[str, tuple[str, Callable[..., Service]]] = {
            "mlflow": ("MLFLOW_TRACKING_URI", tracking_mlflow.MlflowRun),
            "wandb": ("WANDB_SECRET_ID", tracking_wandb.WandbRun),
        }
        for service, (variable, make) in makers.items():
            if env.get(variable):
                self._try(service, functools.partial(self._add, service, make, env, told, facts, name))
        self._on = bool(self._services or self.problems)
        self._write({"parameters": dict(told), "facts": dict(facts)})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        if kind is not None:
            self._tell(lambda service: service.fail())

    @property
    def runs(self) -> dict[str, str]:
        """The address of the run in each service that still follows."""
        return {name: service.address for name, service in self._services.items()}

    def log(self, values: Numbers, step: int) -> None:
        """Record numbers of a step."""
        self._write({"step": step, **values})
        self._tell(lambda service: service.log(values, step))

    def finish(self, manifest: Mapping[str, Any], files: list[Path]) -> None:
        """Record what came out, with files, and end the runs."""
        kept = [self._file] if self._file.exists() else []
        self._tell(lambda service: service.finish(manifest, [*files, *kept]))

    def _add(self, service: str, make: Callable[..., Service], *given: Any) -> None:
        self._services[service] = make(*given)

    def _write(self, line: Mapping[str, Any]) -> None:
        if self._on:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    def _tell(self, what: Callable[[Service], None]) -> None:
        for name, service in list(self._services.items()):
            self._try(name, functools.partial(what, service))

    def _try(self, name: str, action: Callable[[], object]) -> None:
        try:
            action()
        except Exception as error:  # a tracker must not end a training that is being paid for
            self._services.pop(name, None)
            problem = f"tracking by {name} stopped: {type(error).__name__}: {error}"
            self.problems.append(problem)
            sys.stderr.write(f"{problem}. The training goes on; its values are in {FILE}\n")
