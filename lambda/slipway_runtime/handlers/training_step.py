"""The steps of a fine-tuning run before and after its training job: validate, freeze, estimate, evaluate, gate."""

from typing import Any

import msgspec

from slipway_runtime import settings
from slipway_runtime.datasets.bucket import Bucket
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import logger, observed
from slipway_runtime.train.pipeline import evaluate, freeze, gate, job
from slipway_runtime.train.pipeline.estimate import Limits, estimate
from slipway_runtime.train.pipeline.registry import Registry
from slipway_runtime.train.pipeline.request import Instances, read, settings_of
from slipway_runtime.train.pipeline.run import Run
from slipway_runtime.train.refused import TrainingRefusedError


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
        case "evaluate":
            return msgspec.to_builtins(_evaluate(run, step.state))
        case _:
            raise TrainingRefusedError(f"There is no step {step.step!r}", "See the state machine.")


def _prepare(run: Run, state: dict[str, Any]) -> dict[str, Any]:
    instances = msgspec.json.decode(settings.required("INSTANCES"), type=Instances)
    limits = msgspec.json.decode(settings.required("LIMITS"), type=Limits)
    request = read(state, run.id)
    chosen = settings_of(request, instances)
    run.write("request.json", request)
    frozen = freeze.freeze(run, request, chosen)
    expected = estimate(run.bucket, request, chosen, frozen, instances, limits)
    run.write("estimate.json", expected)
    code, version = settings.required("CODE"), settings.required("CODE_VERSION")
    training = job.members(run, request, chosen, code, version)
    return {"request": request, "frozen": frozen, "estimate": expected, "training": training}


def _evaluate(run: Run, state: dict[str, Any]) -> dict[str, Any]:
    frozen = msgspec.convert(state["frozen"], freeze.Frozen)
    instances = msgspec.json.decode(settings.required("INSTANCES"), type=Instances)
    registry = Registry(client=client("sagemaker"), environment=settings.required("SLIPWAY_ENVIRONMENT"))
    trained = state["trained"]
    evaluation = evaluate.evaluate(run, trained["job"], frozen, registry, state["request"]["name"])
    decision = gate.decide(evaluation, float(settings.required("MIN_IMPROVEMENT")))
    hourly = instances.dollars_per_hour
    seconds = float(trained["billable_seconds"])
    measured = {"seconds": seconds, "dollars": None if hourly is None else hourly * seconds / 3600}
    run.write("manifest.json", evaluate.manifest_of(run, trained["job"]))
    run.write("evaluation.json", evaluation)
    run.write("gate.json", decision)
    return {"evaluation": evaluation, "gate": decision, "measured": measured}
