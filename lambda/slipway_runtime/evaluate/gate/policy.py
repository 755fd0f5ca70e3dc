"""What a candidate must show before it may replace the model in production."""

from typing import Literal

import msgspec


class MetricRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One metric of the report, in its own unit.

    `minimum_effect`: the least mean gain that counts as better. `margin`: the mean loss that is tolerated, None for
    any. `floor`: the mean that a candidate must reach in any case, the ceiling where lower is better.
    """

    name: str
    minimum_effect: float = 0.0
    margin: float | None = None
    floor: float | None = None


class SliceRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A slice of the items that must not lose more than `margin` of a metric."""

    name: str
    metric: str
    margin: float


class SafetyRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The safety suite: every item that has `metric`, 1 for safe and 0 for not.

    `minimum_rate`: the share of safe answers, 0 to 1. `new_failures`: how many answers may be unsafe that are safe now.
    """

    metric: str = "safe"
    minimum_rate: float = 1.0
    new_failures: int = 0


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules. `alpha`: the rate, at most, at which a candidate no better than production is promoted.

    A candidate must be better in at least one of `metrics`, by the tests asked for and after Holm's correction, and
    shown to be no worse than its margin in each that has one. Under `minimum_items` items nothing is shown.
    Raises: ValueError naming the rule that cannot be.
    """

    metrics: list[MetricRule]
    slices: list[SliceRule] = []
    safety: SafetyRule | None = None
    alpha: float = 0.05
    tests: Literal["both", "bootstrap", "sign"] = "both"
    resamples: int = 2_000
    seed: int = 0
    minimum_items: int = 30

    def __post_init__(self) -> None:
        names = [rule.name for rule in self.metrics]
        margins = [rule.margin for rule in self.metrics if rule.margin is not None]
        found = {
            "metrics is empty, expected at least one": not names,
            "metrics names one twice": len(set(names)) < len(names),
            "alpha is not between 0 and 0.5": not 0 < self.alpha < 0.5,
            "a margin is not above 0": any(
                margin <= 0 for margin in [*margins, *(each.margin for each in self.slices)]
            ),
            "a minimum_effect is below 0": any(rule.minimum_effect < 0 for rule in self.metrics),
            "resamples is too few to show a p-value of alpha after Holm's correction": (
                self.resamples < 2 * len(names) / self.alpha
            ),
            "minimum_items is under 2": self.minimum_items < 2,
            "safety.minimum_rate is not between 0 and 1": bool(self.safety and not 0 <= self.safety.minimum_rate <= 1),
        }
        for message, is_wrong in found.items():
            if is_wrong:
                raise ValueError(message)
