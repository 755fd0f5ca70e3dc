"""What the gate lets pass and what it refuses, and why."""

import random
from typing import Any

import msgspec
import pytest

from slipway_runtime.evaluate.gate.decide import decide
from slipway_runtime.evaluate.gate.decision import Decision
from slipway_runtime.evaluate.gate.policy import MetricRule, Policy, SafetyRule, SliceRule
from slipway_runtime.evaluate.gate.scores import FORMAT, GateRefusedError, Item, Metric, Report, read

pytestmark = pytest.mark.capability("P7")
POLICY = Policy(metrics=[MetricRule(name="f1", minimum_effect=0.02, margin=0.05), MetricRule(name="exact_match")])


def report(gain: float = 0.0, *, seed: int = 1, unsafe: tuple[int, ...] = (), **more: Any) -> Report:
    draw, base = random.Random(seed), random.Random(0)
    items = []
    for number in range(200):
        f1 = min(1.0, max(0.0, base.uniform(0.2, 0.8) + draw.gauss(0, 0.05) + gain))
        if "german" in more and number % 4 == 0:
            f1 = max(0.0, f1 - more["german"])
        scores = {"f1": f1, "exact_match": float(f1 > 0.6)}
        if number < 20:
            scores["safe"] = float(number not in unsafe)
        items.append(Item(str(number), scores, ["german"] if number % 4 == 0 else []))
    metrics = {name: Metric(0.0, more.get("signature", "one")) for name in ("f1", "exact_match", "safe")}
    return Report(FORMAT, more.get("model", "candidate"), more.get("data", "abc"), metrics, items)


OLD = report(seed=2, model="production")


def test_a_better_candidate_passes_with_all_its_numbers() -> None:
    decision = decide(report(0.05), OLD, POLICY)
    assert decision.promote
    gain = decision.gains[0]
    assert gain.is_better and gain.p_holm <= 0.05 and gain.low > 0
    assert gain.difference == pytest.approx(gain.candidate - gain.production)
    assert gain.wins + gain.losses <= gain.items == 200
    assert msgspec.json.decode(msgspec.json.encode(decision), type=Decision) == decision


def test_a_worse_candidate_is_refused_for_both_reasons() -> None:
    decision = decide(report(-0.1), OLD, POLICY)
    assert not decision.promote
    assert "no metric is shown to be better" in decision.reasons[0]
    assert "f1 is not shown to be within its margin of 0.05" in decision.reasons[1]


def test_the_same_model_again_is_refused_and_loses_nothing() -> None:
    decision = decide(OLD, OLD, POLICY)
    assert not decision.promote
    assert [loss.holds for loss in decision.losses] == [True]
    assert decision.gains[0].p == 1.0


def test_a_sure_gain_under_the_least_effect_is_refused() -> None:
    policy = Policy(metrics=[MetricRule(name="f1", minimum_effect=0.2)])
    decision = decide(report(0.05), OLD, policy)
    assert decision.gains[0].p_holm <= 0.05
    assert not decision.promote


def test_a_slice_that_gets_worse_stops_a_candidate_that_is_better_overall() -> None:
    policy = msgspec.structs.replace(POLICY, slices=[SliceRule(name="german", metric="f1", margin=0.03)])
    assert decide(report(0.1), OLD, policy).promote
    decision = decide(report(0.15, german=0.3), OLD, policy)
    assert any(gain.is_better for gain in decision.gains)
    assert not decision.promote
    assert decision.reasons == [reason for reason in decision.reasons if "slice german" in reason]


def test_one_answer_that_is_newly_unsafe_stops_a_candidate() -> None:
    policy = msgspec.structs.replace(POLICY, safety=SafetyRule(minimum_rate=0.9))
    assert decide(report(0.05), OLD, policy).promote
    decision = decide(report(0.05, unsafe=(3,)), OLD, policy)
    assert not decision.promote
    assert decision.safety and decision.safety.new_failures == ["3"] and decision.safety.rate == pytest.approx(0.95)


def test_an_answer_that_was_unsafe_before_counts_in_the_rate_alone() -> None:
    old = report(seed=2, unsafe=(3,))
    policy = msgspec.structs.replace(POLICY, safety=SafetyRule(minimum_rate=0.9))
    assert decide(report(0.05, unsafe=(3,)), old, policy).promote


def test_a_first_model_is_held_to_the_floors() -> None:
    for floor, promoted in ((0.3, True), (0.9, False)):
        policy = Policy(metrics=[MetricRule(name="f1", floor=floor)])
        assert decide(report(), None, policy).promote is promoted
    assert "sets no floor" in decide(report(), None, POLICY).reasons[0]


def test_lower_is_better_where_the_report_says_so() -> None:
    def of(shift: float) -> Report:
        draw = random.Random(5)
        items = [Item(str(number), {"nats": 2 + draw.random() + shift * draw.random()}) for number in range(60)]
        return Report(FORMAT, "m", "abc", {"nats": Metric(0.0, "one", higher_is_better=False)}, items)

    policy = Policy(metrics=[MetricRule(name="nats", margin=0.05)])
    assert decide(of(-0.5), of(0.0), policy).promote
    assert not decide(of(0.5), of(0.0), policy).promote


@pytest.mark.parametrize(
    ("candidate", "policy", "said"),
    [
        (report(data="other"), POLICY, "different items"),
        (report(signature="two"), POLICY, "measured in two ways"),
        (report(), Policy(metrics=[MetricRule(name="bleu")]), "no metric 'bleu'"),
        (report(), Policy(metrics=[MetricRule(name="f1")], minimum_items=500), "200 items"),
        (
            report(),
            Policy(metrics=[MetricRule(name="f1")], slices=[SliceRule(name="x", metric="f1", margin=1)]),
            "slices are german",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused_with_a_remedy(candidate: Report, policy: Policy, said: str) -> None:
    with pytest.raises(GateRefusedError, match=said):
        decide(candidate, OLD, policy)


@pytest.mark.parametrize(
    "wrong",
    [
        {"metrics": []},
        {"metrics": [{"name": "f1"}, {"name": "f1"}]},
        {"metrics": [{"name": "f1", "margin": -1}]},
        {"metrics": [{"name": "f1"}], "alpha": 0.7},
        {"metrics": [{"name": "f1"}], "resamples": 10},
        {"metrics": [{"name": "f1"}], "colour": "red"},
    ],
)
def test_a_policy_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, Policy)


def test_a_report_of_another_format_is_refused() -> None:
    with pytest.raises(GateRefusedError, match="no evaluation report"):
        read(b"{}")
    with pytest.raises(GateRefusedError, match="format 'x'"):
        read(msgspec.json.encode(msgspec.structs.replace(OLD, format="x")))
