"""When schedules fire. Expectations: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from slipway_local.schedules.clock import Clock, Entry
from slipway_local.schedules.expressions import parse

pytestmark = pytest.mark.capability("O14")
START = datetime(2026, 1, 1, tzinfo=UTC)  # a Thursday


def moments(expression: str, count: int, zone: str = "UTC", start: datetime = START) -> list[str]:
    following = parse(expression, ZoneInfo(zone), start)
    found: list[str] = []
    after: datetime = start
    for _ in range(count):
        moment = following(after)
        if moment is None:
            break
        found.append(moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M"))
        after = moment
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(15 10 * * ? *)", ["2026-01-01 10:15", "2026-01-02 10:15"]),
        ("cron(0 18 ? * MON-FRI *)", ["2026-01-01 18:00", "2026-01-02 18:00", "2026-01-05 18:00"]),
        ("cron(0/15 0 1 * ? *)", ["2026-01-01 00:15", "2026-01-01 00:30", "2026-01-01 00:45", "2026-02-01 00:00"]),
        ("cron(0 9 L * ? *)", ["2026-01-31 09:00", "2026-02-28 09:00"]),
        ("cron(15 10 ? * 6L 2026)", ["2026-01-30 10:15", "2026-02-27 10:15"]),  # the last Friday
        ("cron(0 8 ? * 2#1 *)", ["2026-01-05 08:00", "2026-02-02 08:00"]),  # the first Monday
        ("cron(0 8 3W * ? *)", ["2026-01-02 08:00", "2026-02-03 08:00"]),  # the 3rd is a Saturday
        ("cron(0 8 1W FEB,AUG ? *)", ["2026-02-02 08:00", "2026-08-03 08:00"]),  # never into another month
        ("cron(0 0 29 2 ? *)", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("cron(0 0 1 1 ? 2027)", ["2027-01-01 00:00"]),
        ("at(2026-03-04T05:06:07)", ["2026-03-04 05:06"]),
        ("rate(5 minutes)", ["2026-01-01 00:05", "2026-01-01 00:10"]),
        ("rate(1 day)", ["2026-01-02 00:00", "2026-01-03 00:00"]),
    ],
)
def test_times(expression: str, expected: list[str]) -> None:
    assert moments(expression, len(expected)) == expected
    if expression.startswith("at") or "2027" in expression:
        assert moments(expression, 2) == expected


def test_a_time_that_the_clocks_skip_does_not_come_and_one_they_repeat_comes_once() -> None:
    spring = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert moments("cron(30 2 * * ? *)", 2, "Europe/Berlin", spring) == ["2026-03-30 02:30", "2026-03-31 02:30"]
    autumn = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert moments("cron(30 2 * * ? *)", 2, "Europe/Berlin", autumn) == ["2026-10-25 02:30", "2026-10-26 02:30"]


@pytest.mark.parametrize(
    "expression",
    [
        "every day",
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(5 seconds)",
        "cron(0 10 * * *)",
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(61 10 * * ? *)",
        "cron(0 10 ? * FUNDAY *)",
        "at(tomorrow)",
    ],
)
def test_what_aws_refuses_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="Invalid Schedule Expression"):
        parse(expression, UTC, START)


class Bench:
    """A clock whose time the test sets."""

    def __init__(self) -> None:
        self.now = START
        self.expressions = {"one": "rate(1 minute)"}
        self.window = timedelta()
        self.fired: list[tuple[str, datetime]] = []
        self.clock = Clock(self.entries, now=lambda: self.now)

    def entries(self) -> Iterator[Entry]:
        for key, expression in self.expressions.items():
            yield Entry(
                key=key,
                settings=expression,
                times=lambda expression=expression: parse(expression, UTC, START),  # type: ignore[misc]
                fire=lambda moment, key=key: self.fired.append((key, moment)),  # type: ignore[misc]
                window=self.window,
            )

    def pass_seconds(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += timedelta(seconds=1)
            self.clock.tick()


def test_the_clock_fires_each_time_once_and_follows_changes() -> None:
    bench = Bench()
    bench.clock.tick()  # a rate's own start counts
    bench.pass_seconds(125)
    assert [moment for _, moment in bench.fired] == [START + timedelta(minutes=n) for n in range(3)]
    bench.expressions = {"one": "at(2026-01-01T00:03:00)"}
    bench.pass_seconds(300)
    assert [moment for _, moment in bench.fired[3:]] == [START + timedelta(minutes=3)]
    bench.expressions = {}
    bench.pass_seconds(10)
    assert len(bench.fired) == 4


def test_a_flexible_schedule_fires_within_its_window() -> None:
    bench = Bench()
    bench.window = timedelta(minutes=2)
    bench.expressions = {"one": "at(2026-01-01T00:01:00)"}
    bench.clock.tick()
    bench.pass_seconds(59)
    assert bench.fired == []
    bench.pass_seconds(122)
    assert bench.fired == [("one", START + timedelta(minutes=1))]


def test_one_that_fails_holds_up_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    bench = Bench()
    bench.expressions = {"bad": "rate(1 minute)", "good": "rate(1 minute)"}

    def fire(key: str, moment: datetime) -> None:
        if key == "bad":
            raise RuntimeError("broken on purpose")
        bench.fired.append((key, moment))

    def entries() -> Iterator[Entry]:
        for key in bench.expressions:
            yield Entry(
                key=key,
                settings="",
                times=lambda: parse("rate(1 minute)", UTC, START),
                fire=lambda moment, key=key: fire(key, moment),  # type: ignore[misc]
            )

    bench.clock = Clock(entries, now=lambda: bench.now)
    bench.clock.tick()
    assert [key for key, _ in bench.fired] == ["good"]
    assert "broken on purpose" in capsys.readouterr().err
