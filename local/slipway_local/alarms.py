"""Alarms that evaluate: each half second over the newest values of their metric, with their actions when they change.

CloudWatch evaluates whole periods; here a period ends now, so that an alarm is raised and leaves as soon as the values
say so. Composite alarms follow the states of the others; alarms of metric math keep the state that somebody sets.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

import itertools
import json
import operator
import sys
import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from slipway_local import alarm_rules, events
from slipway_local.aws import Place
from slipway_local.metrics.series import Key, Point, key_of, series
from slipway_local.metrics.statistics import statistic

TICK_SECONDS = 0.5
COMPARE = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
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
        every = list(backend.alarms.values())
        held = series(self._place.account, self._place.region) if every else {}
        for alarm in every:
            if alarm.metric_name and alarm.comparison_operator in COMPARE:
                points = held.get(_key(alarm), [])
                self._set(alarm, state_of(alarm, points, now), now)
        for alarm in every:
            if alarm.rule:
                states = {one.name: one.state_value for one in every} | {
                    one.alarm_arn: one.state_value for one in every
                }
                self._set(alarm, "ALARM" if alarm_rules.holds(alarm.rule, states) else "OK", now)

    def _set(self, alarm: Any, state: str, now: float) -> None:
        if state and state != alarm.state_value:
            self._change(alarm, state, now)

    def _change(self, alarm: Any, state: str, now: float) -> None:
        compared = f"Threshold {alarm.comparison_operator} {alarm.threshold}"
        before, reason = alarm.state_value, f"{alarm.rule or compared}: {state}"
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


def state_of(alarm: Any, points: list[Point], now: float) -> str:
    """Return the state of an alarm over its metric's points, "" where it stays as it is."""
    period, count = int(alarm.period), int(alarm.evaluation_periods)
    needed, treat = int(alarm.datapoints_to_alarm or count), alarm.treat_missing_data or "missing"
    recent = list(itertools.takewhile(lambda point: point[0] > now - period * count, reversed(points)))
    windows = [
        [point for point in recent if now - period * (index + 1) < point[0] <= now - period * index]
        for index in range(count)
    ]
    wanted = str(alarm.extended_statistic or alarm.statistic)
    values = [statistic(wanted, window) if window else None for window in windows]
    compare = COMPARE[alarm.comparison_operator]
    breaching = sum(value is not None and compare(value, float(alarm.threshold)) for value in values)
    missing = sum(value is None for value in values)
    if breaching + (missing if treat == "breaching" else 0) >= needed:
        return "ALARM"
    if missing == count and treat in ("missing", "ignore"):
        return "INSUFFICIENT_DATA" if treat == "missing" else ""
    return "OK"


def _key(alarm: Any) -> Key:
    return key_of(alarm.namespace, alarm.metric_name, {one.name: one.value for one in alarm.dimensions})
