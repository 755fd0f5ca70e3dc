"""A training as a run of MLflow. A training that goes on after an interruption goes on in its run.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow.html
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slipway_runtime.train.mlflow import Mlflow

RUN_TAG = "slipway.run"
SETS = {"train_sha256": "training", "validation_sha256": "validation"}
TAGGED = ("base_model", "base_revision", "base_sha256", "code_version", "fingerprint", "train_sha256")


class MlflowRun:
    """One run. What was logged before an interruption is not logged twice."""

    def __init__(self, env: Mapping[str, str], told: Mapping[str, Any], facts: Mapping[str, Any], name: str) -> None:
        self._server = Mlflow(env["MLFLOW_TRACKING_URI"], env)
        experiment = self._server.experiment(env.get("MLFLOW_EXPERIMENT_NAME", "slipway"))
        known = env.get("SLIPWAY_RUN", name)
        run = self._server.find_run(experiment, RUN_TAG, known)
        if run is None:
            run = self._server.create_run(experiment, known, {RUN_TAG: known, "slipway.training_job": name})
            self._describe(run["info"]["run_id"], told, facts, env.get("SLIPWAY_DATA", ""))
        else:
            self._server.update_run(run["info"]["run_id"], "RUNNING")
        self.id, self._artifacts = run["info"]["run_id"], run["info"]["artifact_uri"]
        self.address = f"{experiment}/{self.id}"
        self._last = {each["key"]: int(each["step"]) for each in run.get("data", {}).get("metrics", [])}

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Record numbers of a step."""
        new = {key: value for key, value in values.items() if step > self._last.get(key, -1)}
        if new:
            self._server.log(self.id, metrics=new, step=step)

    def finish(self, manifest: Mapping[str, Any], files: list[Path]) -> None:
        """Record the final figures and files, and end the run."""
        figures = {f"final.{key}": float(value) for key, value in manifest["metrics"].items() if _is_number(value)}
        tags = {"slipway.checksum": str(manifest["checksum"]), "slipway.format": str(manifest["format"])}
        self._server.log(self.id, metrics=figures, tags=tags)
        for file in files:
            _upload(f"{self._artifacts}/{file.name}", file.read_bytes())
        self._server.update_run(self.id, "FINISHED")

    def fail(self) -> None:
        """End the run as failed."""
        self._server.update_run(self.id, "FAILED")

    def _describe(self, run_id: str, told: Mapping[str, Any], facts: Mapping[str, Any], data: str) -> None:
        tags = {f"slipway.{name}": str(facts[name]) for name in TAGGED if facts.get(name)}
        self._server.log(run_id, parameters=told, tags=tags)
        for name, context in SETS.items():
            if facts.get(name):
                source = f"{data}{name.removesuffix('_sha256')}/"
                self._server.log_dataset(run_id, context, sha256=facts[name], source=source, context=context)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _upload(address: str, data: bytes) -> None:
    """Write an artifact where the server says. Raises: ValueError where that is not S3."""
    if not address.startswith("s3://"):
        raise ValueError(f"artifacts are written to S3 only, and this server keeps them at {address}")
    import botocore.session

    bucket, _, key = address.removeprefix("s3://").partition("/")
    client: Any = botocore.session.get_session().create_client("s3")
    client.put_object(Bucket=bucket, Key=key, Body=data)
