"""Alarms that evaluate: each half second over the newest values of their metric, with their actions when they change.

CloudWatch evaluates whole periods; here a period ends now, so that an alarm is raised and leaves as soon as the values
say so. Alarms of metric math and composite alarms keep the state that somebody sets.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

import json
import math
import operator
import sys
import threading
import time
import traceback
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from slipway_local import events
from slipway_local.aws import Place

TICK_SECONDS = 0.5
COMPARE = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
Key = tuple[str, str, frozenset[tuple[str, str]]]
Points = dict[Key, list[tuple[float, float]]]
Action = Callable[[str], bool]


class Alarms:
    """Evaluates the alarms of moto. An action of `actions` says whether an ARN was its to act on."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._closing = threading.Event()
        self.actions: list[Action] = []
        self.changes = 0

    def begin(self) -> None:
        """Evaluate from now on."""
        threading.Thread(target=self._run, name="alarms", daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._closing.set()

    def _run(self) -> None:
        while not self._closing.wait(TICK_SECONDS):
            try:
                self.evaluate(time.time())
            except Exception:
                traceback.print_exc(file=sys.stderr)

    def evaluate(self, now: float) -> None:
        """Evaluate every alarm as of a time in seconds since 1970."""
        from moto.cloudwatch.models import cloudwatch_backends

        backend = cloudwatch_backends[self._place.account][self._place.region]
        alarms = [
            one for one in list(backend.alarms.values()) if one.metric_name and one.comparison_operator in COMPARE
        ]
        if not alarms:
            return
        longest = max(int(one.period) * int(one.evaluation_periods) for one in alarms)
        points = _recent(backend.metric_data, now - longest)
        for alarm in alarms:
            state = state_of(alarm, points.get(_key(alarm), []), now)
            if state and state != alarm.state_value:
                self._change(alarm, state, now)

    def _change(self, alarm: Any, state: str, now: float) -> None:
        before, reason = alarm.state_value, f"Threshold {alarm.comparison_operator} {alarm.threshold}: {state}"
        alarm.update_state(reason, "{}", state)
        self.changes += 1
        event = {
            "source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change", "account": self._place.account,
            "region": self._place.region, "resources": [alarm.alarm_arn],
            "detail": {
                "alarmName": alarm.name, "state": {"value": state, "reason": reason},
                "previousState": {"value": before},
            },
        }  # fmt: skip
        events.publish(event)
        wanted = {"ALARM": alarm.alarm_actions, "OK": alarm.ok_actions}.get(state, alarm.insufficient_data_actions)
        for arn in (wanted or []) if alarm.actions_enabled else []:
            try:
                self._act(arn, alarm, state, reason, now)
            except Exception:
                traceback.print_exc(file=sys.stderr)

    def _act(self, arn: str, alarm: Any, state: str, reason: str, now: float) -> None:
        if arn.split(":")[2] == "sns":
            told = {
                "AlarmName": alarm.name, "AlarmDescription": alarm.description, "NewStateValue": state,
                "NewStateReason": reason, "StateChangeTime": datetime.fromtimestamp(now, UTC).isoformat(),
                "AlarmArn": alarm.alarm_arn, "AWSAccountId": self._place.account,
            }  # fmt: skip
            subject = f'{state}: "{alarm.name}"'[:100]
            self._place.client("sns").publish(TopicArn=arn, Subject=subject, Message=json.dumps(told))
        elif not any(action(arn) for action in self.actions):
            sys.stderr.write(f"alarm {alarm.name}: this local cloud cannot act on {arn}\n")


def state_of(alarm: Any, points: list[tuple[float, float]], now: float) -> str:
    """Return the state of an alarm over (time, value) points, "" where it stays as it is."""
    period, count = int(alarm.period), int(alarm.evaluation_periods)
    needed, treat = int(alarm.datapoints_to_alarm or count), alarm.treat_missing_data or "missing"
    windows = [
        [value for at, value in points if now - period * (index + 1) < at <= now - period * index]
        for index in range(count)
    ]
    values = [_statistic(alarm, window) if window else None for window in windows]
    compare = COMPARE[alarm.comparison_operator]
    breaching = sum(value is not None and compare(value, float(alarm.threshold)) for value in values)
    missing = sum(value is None for value in values)
    if breaching + (missing if treat == "breaching" else 0) >= needed:
        return "ALARM"
    if missing == count and treat in ("missing", "ignore"):
        return "INSUFFICIENT_DATA" if treat == "missing" else ""
    return "OK"


def _statistic(alarm: Any, values: list[float]) -> float:
    if extended := alarm.extended_statistic:
        if not extended.startswith("p"):
            raise ValueError(f"alarm {alarm.name}: the statistic {extended} is not emulated; use a percentile like p90")
        ordered = sorted(values)
        return ordered[max(math.ceil(len(ordered) * float(extended[1:]) / 100) - 1, 0)]
    total = math.fsum(values)
    simple = {"Sum": total, "Average": total / len(values), "SampleCount": float(len(values))}
    return simple.get(alarm.statistic) or (
        {"Maximum": max, "Minimum": min}[alarm.statistic](values) if alarm.statistic in ("Maximum", "Minimum") else 0.0
    )


def _recent(data: list[Any], since: float) -> Points:
    found: Points = defaultdict(list)
    for datum in reversed(data):
        at = datum.timestamp.replace(tzinfo=datum.timestamp.tzinfo or UTC).timestamp()
        if at < since:
            break
        if hasattr(datum, "value"):
            key = (datum.namespace, datum.name, frozenset((one.name, one.value) for one in datum.dimensions))
            found[key].append((at, datum.value))
    return found


def _key(alarm: Any) -> Key:
    return alarm.namespace, alarm.metric_name, frozenset((one.name, one.value) for one in alarm.dimensions)
