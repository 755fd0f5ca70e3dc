"""Follows a training in MLflow or Weights & Biases, if the environment names one. It never ends a training.

MLFLOW_TRACKING_URI: a server's address, or the ARN of a SageMaker MLflow server. WANDB_API_KEY: an account's key.
Source: https://mlflow.org/docs/latest/ml/tracking/
Source: https://docs.wandb.ai/guides/track/environment-variables
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

Numbers = Mapping[str, float]


class Tracker:
    """Tells each service that is configured. What fails is said once and left out from then on."""

    def __init__(self, env: Mapping[str, str], parameters: Mapping[str, Any], *, name: str) -> None:
        self.problems: list[str] = []
        self._services: dict[str, Any] = {}
        if env.get("MLFLOW_TRACKING_URI"):
            self._try("mlflow", lambda: self._services.update(mlflow=_mlflow(parameters, name)))
        if env.get("WANDB_API_KEY"):
            self._try("wandb", lambda: self._services.update(wandb=_wandb(parameters, name)))

    def log(self, values: Numbers, step: int) -> None:
        """Record numbers of a step."""
        if service := self._services.get("mlflow"):
            self._try("mlflow", lambda: service.log_metrics(dict(values), step=step))
        if run := self._services.get("wandb"):
            self._try("wandb", lambda: run.log(dict(values), step=step))

    def finish(self, manifest: Mapping[str, Any]) -> None:
        """Record what came out, and end the runs."""
        if service := self._services.get("mlflow"):
            self._try("mlflow", lambda: (service.log_dict(dict(manifest), "manifest.json"), service.end_run()))
        if run := self._services.get("wandb"):
            self._try("wandb", lambda: (run.summary.update(dict(manifest)), run.finish()))

    def _try(self, name: str, action: Callable[[], object]) -> None:
        try:
            action()
        except Exception as error:  # a tracker must not end a training that is being paid for
            self._services.pop(name, None)
            problem = f"tracking by {name} stopped: {type(error).__name__}: {error}"
            self.problems.append(problem)
            sys.stderr.write(f"{problem}. The training goes on; its metrics are in this log and in metrics.json\n")


def _mlflow(parameters: Mapping[str, Any], name: str) -> Any:
    import mlflow

    mlflow.start_run(run_name=name)
    mlflow.log_params(dict(parameters))
    return mlflow


def _wandb(parameters: Mapping[str, Any], name: str) -> Any:
    import wandb

    return wandb.init(name=name, config=dict(parameters))
