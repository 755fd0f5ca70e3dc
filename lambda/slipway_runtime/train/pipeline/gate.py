"""Decides whether a candidate may be put before people: it must be better than the baseline by a stated share."""

import msgspec

from slipway_runtime.train.pipeline.evaluate import Evaluation


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The decision and its numbers. `improvement`: the share of the baseline's loss that is gone."""

    passed: bool
    reason: str
    improvement: float
    least: float


def decide(evaluation: Evaluation, least: float) -> Decision:
    """Return the decision. `least`: the smallest improvement that passes, as a share."""
    gone = (evaluation.baseline - evaluation.candidate) / evaluation.baseline if evaluation.baseline else 0.0
    passed = gone > 0 and gone >= least
    against = "the base model" if evaluation.baseline_of == "base" else evaluation.baseline_of
    reason = (
        f"{evaluation.metric} {evaluation.candidate:.4f} against {evaluation.baseline:.4f} of {against}: "
        f"{gone:+.1%} better, at least {least:.1%} is wanted"
    )
    return Decision(passed=passed, reason=reason, improvement=gone, least=least)
