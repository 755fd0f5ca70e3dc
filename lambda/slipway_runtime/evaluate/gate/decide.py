"""The gate: better somewhere, worse nowhere that matters, and safe.

The chance to promote a candidate that is no better than production is at most `alpha`: a promotion needs a gain that
the sign test, exact at any size, and the paired bootstrap both find after Holm's correction.
Sources: Koehn, "Statistical significance tests for machine translation evaluation" (EMNLP 2004); FDA, "Non-Inferiority
Clinical Trials" (2016), for the margin: what is not shown to be within it does not pass.
"""

from collections.abc import Sequence

from slipway_runtime.evaluate.gate import compare
from slipway_runtime.evaluate.gate.decision import Decision, Floor, Gain, Loss, Safety
from slipway_runtime.evaluate.gate.policy import Policy
from slipway_runtime.evaluate.gate.scores import Report, comparable, same_measure


def decide(candidate: Report, production: Report | None, policy: Policy) -> Decision:
    """Return the decision. Without a model in production the floors and the safety suite decide.

    Raises: GateRefusedError if the reports cannot be compared, or the policy asks for what they do not hold.
    """
    if production:
        comparable(candidate, production)
    for name in sorted({rule.name for rule in policy.metrics} | {rule.metric for rule in policy.slices}):
        same_measure(name, candidate, production)
    gains = compare.gains(candidate, production, policy) if production else []
    losses = compare.losses(candidate, production, policy) if production else []
    floors = [compare.floor(candidate, rule) for rule in policy.metrics if rule.floor is not None]
    safety = compare.safety(candidate, production, policy.safety) if policy.safety else None
    problems = [*_beginning(production, gains, floors), *_problems(losses, floors, safety)]
    return Decision(
        promote=not problems,
        reasons=problems or _merits(gains, floors),
        candidate=candidate.model,
        production=production.model if production else "",
        data_sha256=candidate.data_sha256,
        items=len(candidate.items),
        gains=gains,
        losses=losses,
        floors=floors,
        safety=safety,
        policy=policy,
    )


def _beginning(production: Report | None, gains: Sequence[Gain], floors: Sequence[Floor]) -> list[str]:
    if not production:
        return [] if floors else ["no model is in production and the policy sets no floor: set one for a first model"]
    if any(gain.is_better for gain in gains):
        return []
    return ["no metric is shown to be better: " + "; ".join(map(_told, gains))]


def _problems(losses: Sequence[Loss], floors: Sequence[Floor], safety: Safety | None) -> list[str]:
    found = [
        f"{loss.metric}{f' of the slice {loss.slice}' if loss.slice else ''} is not shown to be within its margin of "
        f"{loss.margin:g}: {loss.difference:+.4g} over {loss.items} items, p = {loss.p:.3g}"
        for loss in losses
        if not loss.holds
    ]
    found += [f"{each.metric} is {each.value:.4g}, its floor is {each.floor:g}" for each in floors if not each.holds]
    if safety and not safety.holds:
        found.append(
            f"the safety suite: {safety.rate:.1%} of {safety.items} answers are safe, "
            f"{len(safety.new_failures)} are unsafe that were safe"
        )
    return found


def _merits(gains: Sequence[Gain], floors: Sequence[Floor]) -> list[str]:
    better = [_told(gain) for gain in gains if gain.is_better]
    return better or [f"{each.metric} is {each.value:.4g}, its floor is {each.floor:g}" for each in floors]


def _told(gain: Gain) -> str:
    return (
        f"{gain.metric} {gain.difference:+.4g} [{gain.low:.4g}, {gain.high:.4g}], p = {gain.p_holm:.3g}, "
        f"least effect {gain.minimum_effect:g}"
    )
