"""What a run is asked for, and whether it can work at all: before anything is read or paid for."""

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.train import hyperparameters, rules
from slipway_runtime.train.instances import INSTANCES
from slipway_runtime.train.refused import TrainingRefusedError
from slipway_runtime.train.settings import TrainingSettings

# A training job's name is the run's and a number: at most 63 letters, digits and hyphens.
RUN = re.compile(r"[A-Za-z0-9](-?[A-Za-z0-9]){0,57}")
NAME = re.compile(r"[a-z0-9](-?[a-z0-9]){0,39}")
OWN = ("strategy", "model", "model_revision")
MODELS = "models/"


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The input of an execution.

    `name`: of the model in the registry.   `dataset`: a key of the artifacts bucket, or a folder with train.jsonl and
    validation.jsonl.   `base`: a folder below models/ of that bucket, else a Hub id with its `base_revision`.
    `requested_by`: who asks, whom four eyes keep from approving.   `evaluation_sets`: prefixes of items to keep out.
    `items`: a key of the artifacts bucket: items that candidate and production answer; else the validation set's.
    """

    name: str
    dataset: str
    base: str
    requested_by: str
    base_revision: str = ""
    items: str = ""
    strategy: str = ""
    hyperparameters: dict[str, str] = {}
    evaluation_sets: list[str] = msgspec.field(default_factory=lambda: ["evaluation-sets/"])


@dataclass(frozen=True, kw_only=True)
class Instances:
    """What the environment trains on. `dollars_per_hour`: of one, None if it is not known."""

    type: str
    count: int
    strategy: str

    @property
    def dollars_per_hour(self) -> float | None:
        """The list price of all instances, None if it is not known."""
        known = INSTANCES.get(self.type)
        return known.dollars_per_hour * self.count if known else None


def read(value: dict[str, Any], run_id: str) -> Request:
    """Return the request. Raises: TrainingRefusedError naming what is wrong."""
    try:
        request = msgspec.convert(value, Request)
    except msgspec.ValidationError as error:
        raise TrainingRefusedError(f"The request is malformed: {error}", "See docs/fine-tuning.md.") from error
    if not RUN.fullmatch(run_id):
        raise TrainingRefusedError(
            f"The run's name {run_id!r} cannot name a training job", f"It must match {RUN.pattern}"
        )
    if not NAME.fullmatch(request.name):
        raise TrainingRefusedError(
            f"The model's name {request.name!r} is not possible", f"It must match {NAME.pattern}"
        )
    if not request.requested_by.strip():
        raise TrainingRefusedError("Nobody asks for the run", "Give requested_by: a person's name.")
    if not request.base.startswith(MODELS) and not request.base_revision:
        raise TrainingRefusedError(
            f"The base {request.base!r} is of the Hub and without a revision, so it could change",
            f"Give base_revision, the commit; or put the model below {MODELS} of the artifacts bucket.",
        )
    if given := sorted(set(request.hyperparameters) & set(OWN)):
        raise TrainingRefusedError(
            f"Hyperparameters name {', '.join(given)}", "Say it by strategy, base, base_revision."
        )
    return request


def settings_of(request: Request, instances: Instances) -> TrainingSettings:
    """Return what the job is told. Raises: TrainingRefusedError for what cannot work on the instances."""
    own = {"strategy": request.strategy or instances.strategy}
    if not request.base.startswith(MODELS):
        own |= {"model": request.base, "model_revision": request.base_revision}
    settings = hyperparameters.read({**request.hyperparameters, **own})
    known = INSTANCES.get(instances.type)
    processes = settings.processes_per_instance or (known.devices if known else 1)
    rules.check(
        settings,
        device=rules.device_of(instances.type),
        processes=processes * instances.count,
        instance_type=instances.type,
    )
    return settings
