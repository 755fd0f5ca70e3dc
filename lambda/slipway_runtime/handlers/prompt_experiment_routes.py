"""GET and POST /v1/prompt-experiments, GET …/{id}, PUT …/{id}/weights, POST …/{id}/events, …/{id}/end."""

import math
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from slipway_runtime.generate.prompts import experiment_decision
from slipway_runtime.generate.prompts.experiment import Experiment, Plan, Weight
from slipway_runtime.generate.prompts.experiments import Experiments
from slipway_runtime.generate.prompts.names import checked_label, checked_name
from slipway_runtime.generate.prompts.versions import iso
from slipway_runtime.handlers import prompt_requests as requests
from slipway_runtime.handlers.events import ApiRequest
from slipway_runtime.handlers.http import decode_body

Why = Annotated[str, Meta(max_length=1000)]
Id = Annotated[str, Meta(min_length=1, max_length=256)]


class WeightsBody(msgspec.Struct, forbid_unknown_fields=True):
    """New weights, by version."""

    weights: Annotated[dict[int, Weight], Meta(min_length=1)]
    why: Why = ""


class EventBody(msgspec.Struct, forbid_unknown_fields=True):
    """What was observed of a unit that got an arm, as the answer's provenance names both."""

    arm: int
    unit: Id
    metric: str
    value: float
    event_id: Id


class EndBody(msgspec.Struct, forbid_unknown_fields=True):
    """Why an experiment ends, and the version that its label is to have from now on."""

    why: Why = ""
    promote: int | None = None


def route(request: ApiRequest, path: list[str], experiments: Experiments) -> Any:
    """Answer a request below /v1/prompt-experiments."""
    match request.http_method, path:
        case "GET", []:
            return requests.page(
                request,
                lambda after, limit: experiments.all(after=after, limit=limit),
                lambda each: shown(each, experiments),
                lambda each: each.id,
            )
        case "POST", []:
            plan = decode_body(request, Plan)
            checked_name(plan.prompt, "prompt")
            checked_label(plan.label)
            return shown(experiments.start(plan, requests.author(request, plan.why)), experiments)
        case "GET", [identifier]:
            return shown(experiments.judge(identifier), experiments)
        case "PUT", [identifier, "weights"]:
            body = decode_body(request, WeightsBody)
            who = requests.author(request, body.why)
            return shown(experiments.weigh(identifier, body.weights, who), experiments)
        case "POST", [identifier, "events"]:
            seen = msgspec.structs.asdict(decode_body(request, EventBody))
            return {"object": "prompt.experiment.event", "outcome": experiments.record(identifier, **seen)}
        case "POST", [identifier, "end"]:
            end = decode_body(request, EndBody)
            who = requests.author(request, end.why)
            return shown(experiments.end(identifier, who, promote=end.promote), experiments)
    raise requests.not_served(request, ["prompt-experiments", *path])


def shown(experiment: Experiment, experiments: Experiments) -> dict[str, Any]:
    """Return an experiment with what was counted, and how much evidence there is."""
    counts, metric = experiments.tally.read(experiment.id), experiment.plan.metric.name
    arms = []
    for version in (experiment.control, *(arm.version for arm in experiment.plan.arms)):
        count = experiment_decision.pooled(counts, metric, version)
        arm: dict[str, Any] = {"version": version, "weight": experiment.weights.get(version, 0.0)}
        arm |= {"units": count.units, "mean": round(count.mean, 6)}
        if version != experiment.control:
            arm["log_e_better"] = round(experiment_decision.evidence(experiment, counts, version), 4)
            harm = (experiment_decision.evidence(experiment, counts, version, each) for each in experiment.plan.watched)
            arm["log_e_harm"] = round(max(harm, default=-math.inf), 4)
        arms.append(arm)
    return {
        "object": "prompt.experiment",
        "id": experiment.id,
        "status": experiment.status,
        "plan": msgspec.to_builtins(experiment.plan),
        "control": experiment.control,
        "arms": arms,
        "log_threshold_better": round(experiment_decision.better_threshold(experiment), 4),
        "log_threshold_harm": round(experiment_decision.harm_threshold(experiment), 4),
        "decisions": msgspec.to_builtins(experiment.decisions),
        "by": experiment.by,
        "started_at": experiment.started_at,
        "ends_at": iso(experiment.ends_at),
    }
