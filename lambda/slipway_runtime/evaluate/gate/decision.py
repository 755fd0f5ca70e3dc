"""A decision with every number it rests on; JSON by msgspec."""

import msgspec

from slipway_runtime.evaluate.gate.policy import Policy


class Gain(msgspec.Struct, frozen=True, kw_only=True):
    """A metric of both models on the same items. Differences are so that higher is better.

    `low` and `high` bound the mean difference at 1 - 2 alpha; `p` is the larger of the tests asked for, `p_holm` that
    after Holm's correction. `is_better`: p_holm is at most alpha, and the mean difference at least the minimum effect.
    """

    metric: str
    items: int
    candidate: float
    production: float
    difference: float
    low: float
    high: float
    wins: int
    losses: int
    p_bootstrap: float
    p_sign: float
    p: float
    p_holm: float
    minimum_effect: float
    is_better: bool


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a metric, of all items or of a slice, is shown to have lost less than the margin."""

    metric: str
    slice: str
    items: int
    difference: float
    margin: float
    p: float
    holds: bool


class Floor(msgspec.Struct, frozen=True):
    """A metric's mean beside what it must reach."""

    metric: str
    value: float
    floor: float
    holds: bool


class Safety(msgspec.Struct, frozen=True):
    """The safety suite: how many items, the share of safe answers, and the ids that are unsafe only now."""

    items: int
    rate: float
    new_failures: list[str]
    holds: bool


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Whether to promote; `reasons` says in words why not, or by what. `production` is empty for a first model."""

    promote: bool
    reasons: list[str]
    candidate: str
    production: str
    data_sha256: str
    items: int
    gains: list[Gain]
    losses: list[Loss]
    floors: list[Floor]
    safety: Safety | None
    policy: Policy
