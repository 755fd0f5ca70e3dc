"""The steps of a fine-tuning run around its jobs: validate, freeze, estimate, say what is compared, gather evidence."""

from typing import Any

import msgspec

from slipway_runtime import settings
from slipway_runtime.datasets.bucket import Bucket
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import count, logger, observed
from slipway_runtime.train.pipeline import comparison, evidence, freeze, job
from slipway_runtime.train.pipeline.estimate import Limits, estimate
from slipway_runtime.train.pipeline.registry import Registry
from slipway_runtime.train.pipeline.request import Instances, Request, read, settings_of
from slipway_runtime.train.pipeline.run import Run
from slipway_runtime.train.pipeline.tracked import Tracked, Tracking
from slipway_runtime.train.refused import TrainingRefusedError

KEPT = ("format", "metrics", "tracked")  # of the manifest in the state, which may not be large


class Step(msgspec.Struct):
    """What the state machine says. `state`: what the steps before have found."""

    step: str
    run_id: str
    state: dict[str, Any]


@observed
def handler(event: dict[str, Any], _context: Any) -> Any:
    """Do one step. Raises: TrainingRefusedError, which is not tried again."""
    step = msgspec.convert(event, Step)
    run = Run(Bucket(client=client("s3"), name=settings.required("ARTIFACTS_BUCKET")), step.run_id)
    logger.info("fine-tuning", extra={"step": step.step, "run_id": step.run_id})
    match step.step:
        case "prepare":
            return msgspec.to_builtins(_prepare(run, step.state))
        case "match":
            return msgspec.to_builtins(_match(run, step.state))
        case "collect":
            return msgspec.to_builtins(_collect(run, step.state))
        case _:
            raise TrainingRefusedError(f"There is no step {step.step!r}", "See the state machine.")


def _prepare(run: Run, state: dict[str, Any]) -> dict[str, Any]:
    instances = msgspec.json.decode(settings.required("INSTANCES"), type=Instances)
    limits = msgspec.json.decode(settings.required("LIMITS"), type=Limits)
    request = read(state, run.id)
    chosen = settings_of(request, instances)
    run.write("request.json", request)
    frozen = freeze.freeze(run, request, chosen, _evaluating().least_items)
    expected = estimate(run.bucket, request, chosen, frozen, instances, limits, _evaluating())
    run.write("estimate.json", expected)
    code, version = settings.required("CODE"), settings.required("CODE_VERSION")
    training = job.members(run, request, chosen, code, version, _tracking())
    return {"request": request, "frozen": frozen, "estimate": expected, "training": training}


def _match(run: Run, state: dict[str, Any]) -> dict[str, Any]:
    manifest = evidence.manifest_of(run, state["trained"]["job"])
    run.write("manifest.json", manifest)
    for problem in manifest.get("tracking_problems", []):
        _untracked(problem)
    kept = {name: manifest[name] for name in KEPT if name in manifest}
    registry = Registry(client=client("sagemaker"), environment=settings.required("SLIPWAY_ENVIRONMENT"))
    request = msgspec.convert(state["request"], Request)
    found = comparison.compare(run, request, {**state, "manifest": kept}, registry, _evaluating())
    return {**state, "manifest": kept, "comparison": found}


def _collect(run: Run, state: dict[str, Any]) -> dict[str, Any]:
    instances = msgspec.json.decode(settings.required("INSTANCES"), type=Instances)
    done = client("sagemaker").describe_processing_job(ProcessingJobName=state["evaluated"]["job"])
    found = evidence.evaluation(run, state)
    run.write("evaluation.json", found)
    ended = {
        **state,
        "evaluation": found,
        "gate": evidence.gate(state["gate"]["decision"]),
        "measured": evidence.measured(
            state, done, instances.dollars_per_hour, _evaluating().instance_type, found.judge
        ),
    }
    Tracked(_tracking(), state["manifest"], _untracked).evaluated(msgspec.to_builtins(ended))
    return ended


def _evaluating() -> comparison.Evaluating:
    return msgspec.json.decode(settings.required("EVALUATION"), type=comparison.Evaluating)


def _tracking() -> Tracking:
    return msgspec.json.decode(settings.required("TRACKING"), type=Tracking)


def _untracked(problem: str) -> None:
    logger.warning("tracking stopped", extra={"problem": problem})
    count("TrackingProblems")
