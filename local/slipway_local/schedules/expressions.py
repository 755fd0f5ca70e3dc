"""Schedule expressions: `at(…)`, `rate(…)` and `cron(…)`, and when they come next.

Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from slipway_local.schedules.cron import Cron

Next = Callable[[datetime], datetime | None]
UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_FORM = re.compile(r"(at|rate|cron)\((.*)\)")
_RATE = re.compile(r"([1-9]\d*) (minute|hour|day)(s?)")


def parse(expression: str, zone: tzinfo, start: datetime) -> Next:
    """Return a function that gives the first moment after another, or None when there is none.

    `start` is where the periods of a rate are counted from. Raises ValueError for an expression AWS would refuse.
    """
    form = _FORM.fullmatch(expression)
    if form is None:
        raise ValueError(f"Invalid Schedule Expression {expression}.")
    try:
        return {"at": _at, "rate": _rate, "cron": _cron}[form[1]](form[2], zone, start)
    except ValueError as error:
        raise ValueError(f"Invalid Schedule Expression {expression}. {error}") from None


def _at(text: str, zone: tzinfo, start: datetime) -> Next:
    moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone)
    return lambda after: moment if moment > after else None


def _rate(text: str, zone: tzinfo, start: datetime) -> Next:
    found = _RATE.fullmatch(text)
    if found is None or (int(found[1]) == 1) == bool(found[3]):
        raise ValueError("A rate is a positive number and minute(s), hour(s) or day(s).")
    period = timedelta(seconds=int(found[1]) * UNITS[found[2]])

    def following(after: datetime) -> datetime:
        return start if start > after else start + ((after - start) // period + 1) * period

    return following


def _cron(text: str, zone: tzinfo, start: datetime) -> Next:
    cron = Cron(text)

    def following(after: datetime) -> datetime | None:
        """A local time that the clocks skip does not come; one that they repeat comes once."""
        local = after.astimezone(zone).replace(tzinfo=None)
        while (found := cron.after(local)) is not None:
            moment = found.replace(tzinfo=zone).astimezone(UTC)
            if moment.astimezone(zone).replace(tzinfo=None) == found and moment > after:
                return moment
            local = found
        return None

    return following
