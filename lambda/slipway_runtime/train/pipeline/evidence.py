"""What people decide on: the figures of training and evaluation, the gate's decision, and what it has cost."""

import io
import json
import tarfile
from typing import Any

import msgspec

from slipway_runtime.train.instances import INSTANCES
from slipway_runtime.train.pipeline import evaluation_cost
from slipway_runtime.train.pipeline.run import Run
from slipway_runtime.train.refused import TrainingRefusedError


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """The evaluation in short. `baseline_of`: a version's ARN, or `base`.   `figures`: of training.

    `metrics`: by name, of the candidate and of what it was compared with.   `report`, `page`: JSON and HTML in S3.
    `judge`: the judge's model, summary and calibration, empty without one.
    """

    items: int
    items_sha256: str
    baseline_of: str
    metrics: dict[str, dict[str, float]]
    figures: dict[str, float]
    report: str
    page: str
    judge: dict[str, Any] = {}


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """Billed seconds of both jobs, and dollars by list prices, the judge's among them; None where one is not known."""

    seconds: float
    evaluation_seconds: float
    judge_dollars: float | None
    dollars: float | None


def evaluation(run: Run, state: dict[str, Any]) -> Evaluation:
    """Return the evaluation in short, from the reports that the job has left."""
    decision, manifest, output = state["gate"]["decision"], state["manifest"], "evaluation"
    whole = {
        "candidate": _report(run, f"{output}/report.json"),
        "baseline": _report(run, f"{output}/production/report.json"),
    }
    pair = {who: _values(each) for who, each in whole.items()}
    metrics = {name: {who: each[name] for who, each in pair.items() if name in each} for name in pair["candidate"]}
    return Evaluation(
        items=decision["items"],
        items_sha256=decision["data_sha256"],
        baseline_of=state["comparison"]["baseline_of"],
        metrics=metrics,
        figures={name: float(value) for name, value in manifest["metrics"].items() if isinstance(value, int | float)},
        report=run.address(f"{output}/report.json"),
        page=run.address(f"{output}/report.html"),
        judge={name: value for name, value in whole["candidate"].get("judge", {}).items() if name != "verdicts"},
    )


def gate(decision: dict[str, Any]) -> dict[str, Any]:
    """Return the gate's decision with all its numbers, and with its reasons in one sentence."""
    return {"passed": decision["promote"], "reason": "; ".join(decision["reasons"]), **decision}


def measured(
    state: dict[str, Any], job: dict[str, Any], hourly: float | None, instance_type: str, judge: dict[str, Any]
) -> Measured:
    """Return what the jobs and the judge have taken.

    `hourly`: of training's instances; `job`: the processing job as described; `judge`: as in the evaluation.
    """
    seconds = float(state["trained"]["billable_seconds"])
    evaluated = (job["ProcessingEndTime"] - job["ProcessingStartTime"]).total_seconds()
    known, judged = INSTANCES.get(instance_type), evaluation_cost.spent_dollars(judge)
    dollars = None
    if hourly is not None and known is not None and judged is not None:
        dollars = (hourly * seconds + known.dollars_per_hour * evaluated) / 3600 + judged
    return Measured(seconds=seconds, evaluation_seconds=evaluated, judge_dollars=judged, dollars=dollars)


def manifest_of(run: Run, job: str) -> dict[str, Any]:
    """Return the manifest that the training job has left beside its figures."""
    data = run.bucket.read(run.key(f"output/{job}/output/output.tar.gz"))
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        file = archive.extractfile("manifest.json")
        if file is None:
            raise TrainingRefusedError("The job has left no manifest", "Start it again.")
        found: dict[str, Any] = json.load(file)
        return found


def _report(run: Run, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run.bucket.read(run.key(name)))
    return found


def _values(report: dict[str, Any]) -> dict[str, float]:
    return {metric: float(about["value"]) for metric, about in report["metrics"].items()}
