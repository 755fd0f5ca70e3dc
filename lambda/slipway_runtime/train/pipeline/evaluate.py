"""Measures the candidate against the model in production on the same items.

The one place that says by what candidates are measured: here by the loss over the frozen validation set, which the
training job has computed. What takes its place must return an `Evaluation`.
"""

import io
import json
import tarfile
from typing import Any

import msgspec

from slipway_runtime.train.pipeline.freeze import Frozen
from slipway_runtime.train.pipeline.registry import Registry
from slipway_runtime.train.pipeline.run import Run
from slipway_runtime.train.refused import TrainingRefusedError

METRIC = "validation_loss"


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """Losses over the items of `items_sha256`. `baseline_of`: a version's ARN, or `base` where none is comparable."""

    metric: str
    items_sha256: str
    items: int
    candidate: float
    baseline: float
    baseline_of: str
    figures: dict[str, float]


def evaluate(run: Run, job: str, frozen: Frozen, registry: Registry, name: str) -> Evaluation:
    """Return the losses of candidate and baseline: production if it was measured on the same items, else the base."""
    manifest = manifest_of(run, job)
    figures = {key: float(value) for key, value in manifest["metrics"].items() if isinstance(value, int | float)}
    if METRIC not in figures:
        raise TrainingRefusedError("The job has measured no validation loss", "Give the dataset a validation set.")
    baseline, of = figures[f"{METRIC}_before"], "base"
    production = registry.production(name)
    if production and production["properties"].get("validation_sha256") == frozen.sha256["validation"]:
        baseline, of = float(production["properties"][METRIC]), production["arn"]
    return Evaluation(
        metric=METRIC,
        items_sha256=frozen.sha256["validation"],
        items=frozen.examples["validation"],
        candidate=figures[METRIC],
        baseline=baseline,
        baseline_of=of,
        figures=figures,
    )


def manifest_of(run: Run, job: str) -> dict[str, Any]:
    """Return the manifest that the job has left beside its figures."""
    data = run.bucket.read(run.key(f"output/{job}/output/output.tar.gz"))
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        file = archive.extractfile("manifest.json")
        if file is None:
            raise TrainingRefusedError("The job has left no manifest", "Start it again.")
        found: dict[str, Any] = json.load(file)
        return found
