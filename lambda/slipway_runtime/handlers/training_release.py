"""The steps of a fine-tuning run after its gate: ask for approval, note that it expired, register, tell."""

from typing import Any

import msgspec

from slipway_runtime import settings
from slipway_runtime.datasets.bucket import Bucket
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import count, logger, observed
from slipway_runtime.train.pipeline import notice, release
from slipway_runtime.train.pipeline.approvals import Approvals
from slipway_runtime.train.pipeline.registry import Registry
from slipway_runtime.train.pipeline.run import Run
from slipway_runtime.train.pipeline.tracked import Tracked, Tracking
from slipway_runtime.train.refused import TrainingRefusedError


class Step(msgspec.Struct):
    """What the state machine says. `token`: of the task that waits for a decision."""

    step: str
    run_id: str
    state: dict[str, Any]
    token: str = ""


@observed
def handler(event: dict[str, Any], _context: Any) -> Any:
    """Do one step. Raises: TrainingRefusedError, which is not tried again."""
    step = msgspec.convert(event, Step)
    run = Run(Bucket(client=client("s3"), name=settings.required("ARTIFACTS_BUCKET")), step.run_id)
    logger.info("fine-tuning", extra={"step": step.step, "run_id": step.run_id})
    match step.step:
        case "ask":
            return _ask(run, step.state, step.token)
        case "expire":
            _approvals().expire(run.id)
            return _end(run, step.state, "expired", "nobody decided in time")
        case "reject":
            decision = step.state["approval"]
            return _end(run, step.state, "rejected", f"by {decision['by']}: {decision['comment']}")
        case "refuse":
            return _end(run, step.state, "refused", step.state["gate"]["reason"])
        case "register":
            return _register(run, step.state)
        case _:
            raise TrainingRefusedError(f"There is no step {step.step!r}", "See the state machine.")


def _ask(run: Run, state: dict[str, Any], token: str) -> dict[str, Any]:
    asked = ("request", "frozen", "estimate", "measured", "trained", "evaluation", "gate")
    evidence = {name: state[name] for name in asked} | {"files": run.address("")}
    _approvals().open(
        run.id,
        token=token,
        requested_by=state["request"]["requested_by"],
        seconds=int(settings.required("APPROVAL_SECONDS")),
        evidence=evidence,
    )
    _tell(run, "waits for approval", f"{state['gate']['reason']}. `slipway approvals show {run.id}` has the evidence.")
    return {}


def _register(run: Run, state: dict[str, Any]) -> dict[str, Any]:
    approval, name = state["approval"], state["request"]["name"]
    known = release.lineage(run, state, run.read("manifest.json", dict[str, Any]), approval["by"])
    known |= _tracked(state).version(name, state["trained"]["model"], run.id)
    card = release.card(state, known)
    run.write("card.json", card)
    run.write("approval.json", approval)
    registry = Registry(client=client("sagemaker"), environment=settings.required("SLIPWAY_ENVIRONMENT"))
    arn = registry.register(
        name,
        run_id=run.id,
        source=state["trained"]["model"],
        about=f"{approval['by']}: {approval['comment']}",
        lineage=known,
        card=card,
        report=known["evaluation"],
    )
    return _end(run, state, "registered", arn, package=arn) | {"model_package_arn": arn}


def _end(run: Run, state: dict[str, Any], outcome: str, why: str, *, package: str = "") -> dict[str, Any]:
    _tracked(state).ended(outcome, package)
    _tell(run, outcome, why)
    ended = {"outcome": outcome, "reason": why, "run_id": run.id, "name": state["request"]["name"]}
    run.write("outcome.json", ended)
    shown = ("evaluation", "gate", "estimate", "measured")
    return ended | {name: state[name] for name in shown} | {"model": state["trained"]["model"]}


def _tell(run: Run, what: str, text: str) -> None:
    notice.send(client("sns"), settings.required("TOPIC_ARN"), f"Fine-tuning {run.id} {what}", text)


def _approvals() -> Approvals:
    return Approvals(client=client("dynamodb"), table=settings.required("APPROVALS_TABLE"), four_eyes=False)


def _tracked(state: dict[str, Any]) -> Tracked:
    tracking = msgspec.json.decode(settings.required("TRACKING"), type=Tracking)

    def untracked(problem: str) -> None:
        logger.warning("tracking stopped", extra={"problem": problem})
        count("TrackingProblems")

    return Tracked(tracking, state["manifest"], untracked)
