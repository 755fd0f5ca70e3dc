"""What an experiment is: versions of a prompt side by side on one label, what is measured, and what was decided."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from slipway_runtime.generate.errors import invalid

MAX_ARMS = 8
MAX_GUARDS = 5
Unit = Literal["user", "tenant", "conversation"]
Weight = Annotated[float, Meta(gt=0, le=1000)]
Error = Annotated[float, Meta(gt=0, le=0.5)]


class Metric(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is observed of a unit: 0 or 1, or a number from `low` to `high`."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    better: Literal["higher", "lower"] = "higher"
    low: float = 0.0
    high: float = 1.0

    def share(self, value: float) -> int:
        """Return where a value lies from worst (0) to best (1,000,000). Raises: ApiError 400 for one out of bounds."""
        if not self.low <= value <= self.high:
            raise invalid(f"'{self.name}' must be from {self.low:g} to {self.high:g}.", "value")
        share = round((value - self.low) / (self.high - self.low) * MILLION)
        return share if self.better == "higher" else MILLION - share


class Guard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A metric in which no arm may be worse than the control by more than `margin`, in the metric's own unit."""

    metric: Metric
    margin: Annotated[float, Meta(ge=0)] = 0.0

    @property
    def share(self) -> float:
        """Return the margin as a share of the metric's range."""
        return self.margin / (self.metric.high - self.metric.low)


class Arm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version, and how much of the traffic it gets in proportion to the others."""

    version: Annotated[int, Meta(ge=1)]
    weight: Weight = 1.0


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is asked for. The control is the version that the label has.

    `error`: the probability that an arm which is no better is ever called better. `harm_error`: that an arm which is
    not worse is ever taken back. Both hold for all arms and guards together, however often one looks.
    """

    prompt: str
    label: str
    arms: Annotated[list[Arm], Meta(min_length=1, max_length=MAX_ARMS)]
    metric: Metric
    guards: Annotated[list[Guard], Meta(max_length=MAX_GUARDS)] = []
    control_weight: Weight = 1.0
    unit: Unit = "user"
    error: Error = 0.05
    harm_error: Error = 0.05
    promote: bool = False
    max_days: Annotated[int, Meta(ge=1, le=90)] = 30
    why: Annotated[str, Meta(max_length=1000)] = ""

    @property
    def watched(self) -> list[Guard]:
        """Return the guards; with none given, the metric itself."""
        return self.guards or [Guard(self.metric)]

    @property
    def metrics(self) -> dict[str, Metric]:
        """Return everything that is measured, by name."""
        return {each.name: each for each in (*(guard.metric for guard in self.guards), self.metric)}

    def check(self) -> None:
        """Raises: ApiError 400 naming what could not be measured or told apart."""
        for metric in (self.metric, *(guard.metric for guard in self.guards)):
            if not metric.low < metric.high:
                raise invalid(f"'{metric.name}': low must be below high.", "metric")
            if self.metrics[metric.name] != metric:
                raise invalid(f"'{metric.name}' is described in two ways.", "guards")
        if any(guard.share >= 1 for guard in self.guards):
            raise invalid("The margin of a guard must be smaller than the metric's range.", "guards")
        versions = [arm.version for arm in self.arms]
        if len(set(versions)) < len(versions):
            raise invalid("Each arm is another version.", "arms")


class Decision(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was decided and on which numbers: natural logarithms, and each arm's units and mean share of the best."""

    outcome: Literal["better", "harm", "reweighted", "ended"]
    at: str
    by: str = "experiment"
    why: str = ""
    arm: int = 0
    metric: str = ""
    log_e: float = 0.0
    log_threshold: float = 0.0
    units: dict[str, int] = {}
    means: dict[str, float] = {}


class Experiment(msgspec.Struct, frozen=True):
    """An experiment as it stands. `weights`: by version, of the arms that get traffic.

    `epoch`: counts the changes of weights. Only evidence of one epoch is compared, so that a drift cannot pass for an
    effect.
    """

    id: str
    plan: Plan
    control: int
    weights: dict[int, float]
    status: Literal["running", "ended"]
    by: str
    started_at: str
    ends_at: float
    epoch: int = 1
    revision: int = 1
    decisions: tuple[Decision, ...] = ()

    @property
    def treatments(self) -> list[int]:
        """Return the arms beside the control that still get traffic."""
        return [version for version in self.weights if version != self.control]

    @property
    def winner(self) -> Decision | None:
        """Return the decision that an arm is better, or None."""
        return next((each for each in self.decisions if each.outcome == "better"), None)


MILLION = 1_000_000
