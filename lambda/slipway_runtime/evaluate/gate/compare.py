"""Gains, losses, floors and the safety suite: what a decision rests on."""

import math
from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from slipway_runtime.evaluate.gate.decision import Floor, Gain, Loss, Safety
from slipway_runtime.evaluate.gate.policy import MetricRule, Policy, SafetyRule, SliceRule
from slipway_runtime.evaluate.gate.scores import GateRefusedError, Item, Report
from slipway_runtime.evaluate.gate.significance import Floats, bootstrap_p, holm, interval, sign_p


def gains(candidate: Report, production: Report, policy: Policy) -> list[Gain]:
    """Return what each metric gained, with Holm's correction over all. Raises: GateRefusedError for too few items."""
    found = [_gain(rule, candidate, production, policy) for rule in policy.metrics]
    adjusted = zip(found, holm([gain.p for gain in found]), strict=True)
    return [replace(gain, p_holm=p, is_better=_is_better(gain, p, policy)) for gain, p in adjusted]


def _is_better(gain: Gain, p_holm: float, policy: Policy) -> bool:
    return p_holm <= policy.alpha and gain.difference >= gain.minimum_effect


def _gain(rule: MetricRule, candidate: Report, production: Report, policy: Policy) -> Gain:
    new, old = _both(candidate, production, rule.name)
    if len(new) < policy.minimum_items:
        message = f"{rule.name} has {len(new)} items, the policy asks for {policy.minimum_items}. Evaluate on more"
        raise GateRefusedError(message)
    difference = _differences(candidate, rule.name, new, old)
    p_bootstrap = float(bootstrap_p(difference, resamples=policy.resamples, seed=policy.seed)[0])
    p_sign = float(sign_p(difference)[0])
    low, high = interval(difference, alpha=policy.alpha, resamples=policy.resamples, seed=policy.seed)
    return Gain(
        metric=rule.name,
        items=len(new),
        candidate=_mean(new, rule.name),
        production=_mean(old, rule.name),
        difference=float(difference.mean()),
        low=float(low[0]),
        high=float(high[0]),
        wins=int((difference > 0).sum()),
        losses=int((difference < 0).sum()),
        p_bootstrap=p_bootstrap,
        p_sign=p_sign,
        p={"both": max(p_bootstrap, p_sign), "bootstrap": p_bootstrap, "sign": p_sign}[policy.tests],
        p_holm=1.0,
        minimum_effect=rule.minimum_effect,
        is_better=False,
    )


def losses(candidate: Report, production: Report, policy: Policy) -> list[Loss]:
    """Return of each margin whether it is kept: all must hold, so none is corrected for the others.

    Raises: GateRefusedError for a slice without items.
    """
    whole = [SliceRule(name="", metric=rule.name, margin=rule.margin) for rule in policy.metrics if rule.margin]
    return [_loss(rule, candidate, production, policy) for rule in [*whole, *policy.slices]]


def _loss(rule: SliceRule, candidate: Report, production: Report, policy: Policy) -> Loss:
    new, old = _both(candidate, production, rule.metric, rule.name)
    if len(new) < 2:
        known = ", ".join(sorted({name for item in candidate.items for name in item.slices})) or "none"
        message = f"The slice {rule.name!r} has {len(new)} items with {rule.metric}; the report's slices are {known}"
        raise GateRefusedError(f"{message}. Mend the policy, or add items")
    difference = _differences(candidate, rule.metric, new, old)
    p = float(bootstrap_p(difference + rule.margin, resamples=policy.resamples, seed=policy.seed)[0])
    return Loss(
        metric=rule.metric,
        slice=rule.name,
        items=len(new),
        difference=float(difference.mean()),
        margin=rule.margin,
        p=p,
        holds=p <= policy.alpha,
    )


def floor(candidate: Report, rule: MetricRule) -> Floor:
    """Return whether a candidate reaches a metric's floor. Raises: GateRefusedError if no item has the metric."""
    items = [item for item in candidate.items if rule.name in item.scores]
    if rule.floor is None or not items:
        raise GateRefusedError(f"No item has {rule.name}, for which the policy sets a floor. Measure it")
    value = _mean(items, rule.name)
    higher = candidate.metrics[rule.name].higher_is_better
    return Floor(rule.name, value, rule.floor, value >= rule.floor if higher else value <= rule.floor)


def safety(candidate: Report, production: Report | None, rule: SafetyRule) -> Safety:
    """Return how the safety suite went. Raises: GateRefusedError if the report holds none of it."""
    items = [item for item in candidate.items if rule.metric in item.scores]
    if not items:
        raise GateRefusedError(
            f"The policy asks for a safety suite, and no item has {rule.metric!r}. Add items that say what is forbidden"
        )
    safe_now = {item.id for item in (production.items if production else []) if item.scores.get(rule.metric, 0.0) >= 1}
    unsafe = [item.id for item in items if item.scores[rule.metric] < 1]
    new = [each for each in unsafe if each in safe_now]
    rate = 1 - len(unsafe) / len(items)
    return Safety(len(items), rate, new, rate >= rule.minimum_rate and len(new) <= rule.new_failures)


def _both(candidate: Report, production: Report, metric: str, slice_: str = "") -> tuple[list[Item], list[Item]]:
    """Return the items, of both models, that have a metric and belong to a slice."""
    pairs = [
        (new, old)
        for new, old in zip(candidate.items, production.items, strict=True)
        if metric in new.scores and metric in old.scores and (not slice_ or slice_ in new.slices)
    ]
    return [new for new, _ in pairs], [old for _, old in pairs]


def _differences(report: Report, metric: str, new: Sequence[Item], old: Sequence[Item]) -> Floats:
    """Return a column of differences so that higher is better."""
    sign = 1.0 if report.metrics[metric].higher_is_better else -1.0
    values = [sign * (one.scores[metric] - other.scores[metric]) for one, other in zip(new, old, strict=True)]
    return np.array(values, np.float64)[:, None]


def _mean(items: Sequence[Item], metric: str) -> float:
    return math.fsum(item.scores[metric] for item in items) / len(items)
