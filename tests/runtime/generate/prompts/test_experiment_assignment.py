"""Assignment: sticky, in proportion, and with as few moves as a change of weights needs."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.generate.prompts.experiment_assignment import assigned

pytestmark = pytest.mark.capability("P3")
WEIGHTS = st.dictionaries(st.integers(1, 50), st.floats(0.01, 100), min_size=2, max_size=6)
UNITS = [f"user-{number}" for number in range(4000)]


@given(WEIGHTS, st.text(), st.text())
def test_a_unit_stays_with_its_arm(weights: dict[int, float], experiment: str, unit: str) -> None:
    turned = dict(reversed(weights.items()))
    assert assigned(experiment, unit, weights) == assigned(experiment, unit, turned)


@given(WEIGHTS, st.text(), st.data(), st.floats(1, 1000))
def test_a_heavier_arm_only_gains_and_no_other_unit_moves(
    weights: dict[int, float], unit: str, data: st.DataObject, factor: float
) -> None:
    heavier = data.draw(st.sampled_from(sorted(weights)))
    before = assigned("e", unit, weights)
    after = assigned("e", unit, {**weights, heavier: weights[heavier] * factor})
    assert after in (before, heavier)


@given(WEIGHTS, st.text(), st.data())
def test_of_an_arm_that_goes_only_its_own_units_move(weights: dict[int, float], unit: str, data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(sorted(weights)))
    before = assigned("e", unit, weights)
    after = assigned("e", unit, {arm: weight for arm, weight in weights.items() if arm != gone})
    assert after == before or before == gone


def test_shares_follow_the_weights() -> None:
    weights = {1: 7.0, 2: 2.0, 3: 1.0}
    found = [assigned("e", unit, weights) for unit in UNITS]
    for arm, weight in weights.items():
        share, sigma = weight / 10, math.sqrt(weight / 10 * (1 - weight / 10) / len(UNITS))
        assert abs(found.count(arm) / len(UNITS) - share) < 5 * sigma


def test_experiments_are_salted_apart() -> None:
    both = [(assigned("a", unit, {1: 1, 2: 1}), assigned("b", unit, {1: 1, 2: 1})) for unit in UNITS]
    same = sum(one == other for one, other in both) / len(UNITS)
    assert abs(same - 0.5) < 0.05


def test_a_change_of_weights_moves_no_more_than_the_shares_change() -> None:
    before = {unit: assigned("e", unit, {1: 9, 2: 1}) for unit in UNITS}
    after = {unit: assigned("e", unit, {1: 5, 2: 5}) for unit in UNITS}
    moved = [unit for unit in UNITS if before[unit] != after[unit]]
    assert {(before[unit], after[unit]) for unit in moved} == {(1, 2)}
    assert abs(len(moved) / len(UNITS) - 0.4) < 0.05
