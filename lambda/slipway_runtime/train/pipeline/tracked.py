"""What the pipeline adds to a run's tracking: evaluation, decision, cost, and the version in the registry.

MLflow's run names the registry's version, and the version MLflow's run. What fails here is counted and told in the log;
it fails no run.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-track-experiments-model-registration.html
"""

import os
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from slipway_runtime.train.mlflow import Mlflow, MlflowError


class Tracking(msgspec.Struct, frozen=True, kw_only=True):
    """Where runs are tracked. `app`: the ARN of an MLflow App.   `wandb`: secret, project and entity, without a key."""

    app: str = ""
    experiment: str = "slipway"
    wandb: dict[str, str] = {}

    def variables(self, run_id: str, model: str, data: str) -> dict[str, str]:
        """Return what the training job's environment says of it. `data`: the address of the run's data."""
        found = {"SLIPWAY_RUN": run_id, "SLIPWAY_DATA": data}
        if self.app:
            found |= {"MLFLOW_TRACKING_URI": self.app, "MLFLOW_EXPERIMENT_NAME": f"{self.experiment}/{model}"}
        return found | {f"WANDB_{name.upper()}": value for name, value in self.wandb.items() if value}


class Tracked:
    """A run in MLflow, as the training job has named it in its manifest. `tell` hears of each problem."""

    def __init__(self, tracking: Tracking, manifest: Mapping[str, Any], tell: Callable[[str], None]) -> None:
        self._server = Mlflow(tracking.app, os.environ)
        self.id = str(manifest.get("tracked", {}).get("mlflow", "")).rpartition("/")[2] if tracking.app else ""
        self._tell = tell

    def evaluated(self, state: Mapping[str, Any]) -> None:
        """Record the metrics of both models, the gate's decision and the cost."""
        evaluation, measured = state["evaluation"], state["measured"]
        numbers = {f"evaluation.{who}.{name}": value for name, each in _metrics(evaluation) for who, value in each}
        numbers |= {f"measured.{name}": value for name, value in measured.items() if value is not None}
        tags = {
            "slipway.gate": "passed" if state["gate"]["passed"] else "refused",
            "slipway.gate_reason": state["gate"]["reason"],
            "slipway.evaluation": evaluation["report"],
            "slipway.compared_with": evaluation["baseline_of"],
        }
        self._try(lambda: self._server.log(self.id, metrics=numbers, tags=tags))

    def version(self, name: str, source: str, run_id: str) -> dict[str, str]:
        """Register the model in MLflow, and return what the registry's version says of it."""
        if not self.id:
            return {}
        found = {"mlflow_run": self.id}

        def register() -> None:
            tags = {"slipway.run": run_id}
            number = self._server.model_version(name, source=source, run_id=self.id, tags=tags)
            found["mlflow_version"] = f"models:/{name}/{number}"

        self._try(register)
        return found

    def ended(self, outcome: str, package: str = "") -> None:
        """Record what came of the run, and the version in the registry."""
        tags = {"slipway.outcome": outcome} | ({"sagemaker.model_package_arn": package} if package else {})
        self._try(lambda: self._server.log(self.id, tags=tags))

    def _try(self, action: Callable[[], None]) -> None:
        if not self.id:
            return
        try:
            action()
        except MlflowError as error:
            self.id = ""  # not asked again: the function's time is the run's
            self._tell(str(error))


def _metrics(evaluation: Mapping[str, Any]) -> Any:
    return [(name, each.items()) for name, each in evaluation["metrics"].items()]
