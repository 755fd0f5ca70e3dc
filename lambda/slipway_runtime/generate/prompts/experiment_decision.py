"""What the counters of an experiment say: which arm is better than the control, which one does harm.

With several arms and guards each comparison gets its part of the error (Bonferroni). Evidence of several epochs is
multiplied: each is an e-process of its own, and so is the product.
"""

import math
from collections.abc import Iterator

from slipway_runtime.generate.prompts.experiment import Decision, Experiment, Guard
from slipway_runtime.generate.prompts.experiment_counts import Counts
from slipway_runtime.generate.prompts.experiment_evidence import Count, log_e


def decided(experiment: Experiment, counts: Counts, at: str) -> Iterator[Decision]:
    """Yield what is newly decided: arms that do harm, then the arm that is better by the most evidence."""
    harmful = [found for arm in experiment.treatments if (found := _harm(experiment, counts, arm, at))]
    yield from harmful
    if experiment.winner is None:
        healthy = [arm for arm in experiment.treatments if arm not in {each.arm for each in harmful}]
        better = [found for arm in healthy if (found := _better(experiment, counts, arm, at))]
        yield from sorted(better, key=lambda each: -each.log_e)[:1]


def evidence(experiment: Experiment, counts: Counts, arm: int, guard: Guard | None = None) -> float:
    """Return the evidence that an arm is better in the metric, or worse in a guard by more than its margin."""
    metric = guard.metric.name if guard else experiment.plan.metric.name
    found = 0.0
    for epoch in counts.values():
        arms = epoch.get(metric, {})
        control, treatment = arms.get(experiment.control, Count()), arms.get(arm, Count())
        found += log_e(treatment, control, guard.share) if guard else log_e(control, treatment)
    return found


def better_threshold(experiment: Experiment) -> float:
    """Return the evidence from which an arm counts as better."""
    return math.log(len(experiment.plan.arms) / experiment.plan.error)


def harm_threshold(experiment: Experiment) -> float:
    """Return the evidence from which an arm counts as harmful."""
    plan = experiment.plan
    return math.log(len(plan.arms) * len(plan.watched) / plan.harm_error)


def _better(experiment: Experiment, counts: Counts, arm: int, at: str) -> Decision | None:
    found, threshold = evidence(experiment, counts, arm), better_threshold(experiment)
    return None if found < threshold else _decision(experiment, counts, arm, at, None, found, threshold)


def _harm(experiment: Experiment, counts: Counts, arm: int, at: str) -> Decision | None:
    threshold = harm_threshold(experiment)
    for guard in experiment.plan.watched:
        if (found := evidence(experiment, counts, arm, guard)) >= threshold:
            return _decision(experiment, counts, arm, at, guard, found, threshold)
    return None


def _decision(
    experiment: Experiment, counts: Counts, arm: int, at: str, guard: Guard | None, found: float, threshold: float
) -> Decision:
    metric = guard.metric.name if guard else experiment.plan.metric.name
    both = {version: pooled(counts, metric, version) for version in (experiment.control, arm)}
    return Decision(
        outcome="harm" if guard else "better",
        at=at,
        arm=arm,
        metric=metric,
        log_e=round(found, 6),
        log_threshold=round(threshold, 6),
        units={str(version): count.units for version, count in both.items()},
        means={str(version): round(count.mean, 6) for version, count in both.items()},
    )


def pooled(counts: Counts, metric: str, version: int) -> Count:
    """Return an arm's units and sum over all epochs."""
    found = [epoch.get(metric, {}).get(version, Count()) for epoch in counts.values()]
    return Count(sum(each.units for each in found), sum(each.total for each in found))
