"""AWS's cron: six fields (minutes, hours, day of month, month, day of week, year), with `?`, `L`, `W` and `#`.

Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
"""

import calendar
import re
from datetime import date, datetime, timedelta

MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if number}
WEEKDAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
YEARS = (1970, 2199)


class Cron:
    """A cron expression in local time. Raises ValueError if it is malformed."""

    def __init__(self, text: str) -> None:
        fields = text.upper().split()
        if len(fields) != 6:
            raise ValueError("A cron expression has six fields.")
        minutes, hours, self._days, months, self._weekdays, years = fields
        if (self._days == "?") == (self._weekdays == "?"):
            raise ValueError("One of day of month and day of week must be ?.")
        self._minutes = sorted(_values(minutes, 0, 59))
        self._hours = sorted(_values(hours, 0, 23))
        self._months = _values(months, 1, 12, MONTHS)
        self._years = _values(years, *YEARS)
        for year, month in ((2024, 2), (2025, 3)):  # raises for a malformed field
            self._days_of(year, month)

    def after(self, moment: datetime) -> datetime | None:
        """Return the first time after `moment`, None if there is none before 2200."""
        day = moment.date()
        while day.year <= max(self._years):
            if day.year not in self._years or day.month not in self._months:
                day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
                continue
            if day.day in self._days_of(day.year, day.month):
                for hour in self._hours:
                    for minute in self._minutes:
                        found = datetime(day.year, day.month, day.day, hour, minute)
                        if found > moment:
                            return found
            day += timedelta(days=1)
        return None

    def _days_of(self, year: int, month: int) -> set[int]:
        """Return the days of a month that match."""
        last = calendar.monthrange(year, month)[1]
        if self._weekdays == "?":
            return {day for part in self._days.split(",") for day in _month_days(part, year, month, last)}
        return {day for part in self._weekdays.split(",") for day in _week_days(part, year, month, last)}


def _values(field: str, low: int, high: int, names: dict[str, int] | None = None) -> set[int]:
    """Return what a field of numbers, ranges, lists and steps stands for."""
    found: set[int] = set()
    for part in field.split(","):
        bounds, _, step = part.partition("/")
        first, _, last = bounds.partition("-")
        start = low if first == "*" else _number(first, names)
        end = high if first == "*" or (step and not last) else _number(last or first, names)
        if not low <= start <= high or not low <= end <= high or start > end or (step and int(step) < 1):
            raise ValueError(f"{part} is not within {low}-{high}.")
        found.update(range(start, end + 1, int(step or 1)))
    return found


def _number(text: str, names: dict[str, int] | None) -> int:
    if names and text in names:
        return names[text]
    if not text.isdigit():
        raise ValueError(f"{text!r} is no number.")
    return int(text)


def _weekday(year: int, month: int, day: int) -> int:
    return date(year, month, day).isoweekday() % 7 + 1  # Sunday is 1


def _month_days(part: str, year: int, month: int, last: int) -> set[int]:
    if part == "L":
        return {last}
    if part == "LW" or re.fullmatch(r"\d+W", part):
        day = last if part == "LW" else min(int(part[:-1]), last)
        return {_nearest_working_day(year, month, day, last)}
    return {day for day in _values(part, 1, 31) if day <= last}


def _nearest_working_day(year: int, month: int, day: int, last: int) -> int:
    weekday = _weekday(year, month, day)
    if weekday == WEEKDAYS["SAT"]:
        return day - 1 if day > 1 else day + 2
    if weekday == WEEKDAYS["SUN"]:
        return day + 1 if day < last else day - 2
    return day


def _week_days(part: str, year: int, month: int, last: int) -> set[int]:
    if "#" in part:
        name, _, nth = part.partition("#")
        days = _days_with(_number(name, WEEKDAYS), year, month, last)
        return set(days[int(nth) - 1 : int(nth)])
    if part.endswith("L"):
        return {_days_with(_number(part[:-1] or "7", WEEKDAYS), year, month, last)[-1]}
    wanted = _values(part, 1, 7, WEEKDAYS)
    return {day for day in range(1, last + 1) if _weekday(year, month, day) in wanted}


def _days_with(weekday: int, year: int, month: int, last: int) -> list[int]:
    return [day for day in range(1, last + 1) if _weekday(year, month, day) == weekday]
