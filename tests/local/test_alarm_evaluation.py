"""The state of an alarm over its values.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html (also of missing data)
"""

from types import SimpleNamespace
from typing import Any

import pytest

from slipway_local.alarms import state_of

pytestmark = pytest.mark.capability("O2")
NOW = 1_000_000.0


def state(values: list[float | None], **more: Any) -> str:
    """Return the state over values, the newest first, a period of 60 seconds each, with a threshold of 10."""
    given = {
        "period": 60, "evaluation_periods": 3, "datapoints_to_alarm": None, "threshold": 10.0, "statistic": "Average",
        "extended_statistic": None, "comparison_operator": "GreaterThanThreshold", "treat_missing_data": None,
    }  # fmt: skip
    points = [(NOW - 60 * index - 30, value, 1) for index, value in enumerate(values) if value is not None]
    return state_of(SimpleNamespace(name="a", **(given | more)), points, NOW)


def test_all_or_enough_values_beyond_the_threshold_raise_it() -> None:
    assert state([11, 12, 13]) == "ALARM"
    assert state([11, 10, 13]) == "OK"
    assert state([11, 10, 13], datapoints_to_alarm=2) == "ALARM"
    assert state([1, 1, 1], comparison_operator="LessThanThreshold") == "ALARM"
    assert state([10, 10, 10], comparison_operator="GreaterThanOrEqualToThreshold") == "ALARM"


@pytest.mark.parametrize(
    ("treat", "none", "one"),
    [
        ("missing", "INSUFFICIENT_DATA", "OK"),
        ("ignore", "", "OK"),
        ("breaching", "ALARM", "ALARM"),
        ("notBreaching", "OK", "OK"),
    ],
)
def test_missing_values_are_treated_as_the_alarm_says(treat: str, none: str, one: str) -> None:
    assert state([None, None, None], treat_missing_data=treat) == none
    assert state([11, None, None], treat_missing_data=treat) == one


@pytest.mark.parametrize(
    ("statistic", "limit"), [("Average", 5.0), ("Sum", 50.0), ("Maximum", 14.0), ("Minimum", 0.0), ("SampleCount", 9.0)]
)
def test_each_statistic_is_of_the_values_in_its_period(statistic: str, limit: float) -> None:
    points = [(NOW - index, float(value), 1) for index, value in enumerate([0, 0, 0, 1, 2, 3, 10, 12, 13, 15])][::-1]
    about = {
        "name": "a", "period": 60, "evaluation_periods": 1, "datapoints_to_alarm": None, "treat_missing_data": None,
        "comparison_operator": "GreaterThanThreshold", "extended_statistic": None, "statistic": statistic,
    }  # fmt: skip

    below = state_of(SimpleNamespace(threshold=limit, **about), points, NOW)
    assert below == ("OK" if statistic == "Minimum" else "ALARM")
    assert state_of(SimpleNamespace(threshold=limit + 10, **about), points, NOW) == "OK"


def test_a_percentile_is_a_value_that_was_there() -> None:
    values = {"extended_statistic": "p90", "evaluation_periods": 1}
    points = [(NOW - 1, float(value), 1) for value in range(1, 11)]
    about = {
        "name": "a", "period": 60, "datapoints_to_alarm": None, "treat_missing_data": None, "statistic": None,
        "comparison_operator": "GreaterThanThreshold", **values,
    }  # fmt: skip

    assert state_of(SimpleNamespace(threshold=8.9, **about), points, NOW) == "ALARM"
    assert state_of(SimpleNamespace(threshold=9.0, **about), points, NOW) == "OK"
