"""The clock: looks at moto's rules and schedules a few times a second and fires what is due, by the wall clock.

Nothing is kept but when each comes next, so that what is created, changed, deleted or restored counts at once.
"""

import random
import sys
import threading
import traceback
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from slipway_local.schedules.expressions import Next

TICK_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Something that fires: `settings` are what its times depend on; `fire` gets the scheduled moment.

    `window` is the longest delay by which a flexible schedule may fire later.
    """

    key: str
    settings: Hashable
    times: Callable[[], Next]
    fire: Callable[[datetime], None]
    window: timedelta = timedelta()


@dataclass(kw_only=True)
class _Plan:
    settings: Hashable
    times: Next
    scheduled: datetime | None
    due: datetime | None


class Clock:
    """Fires entries. `sources` list those that are enabled now; each is asked again at every tick."""

    def __init__(self, *sources: Callable[[], Iterator[Entry]], now: Callable[[], datetime] | None = None) -> None:
        self._sources = sources
        self._now = now or (lambda: datetime.now(UTC))
        self._plans: dict[str, _Plan] = {}
        self._closing = threading.Event()

    def start(self) -> None:
        """Begin to tick."""
        threading.Thread(target=self._run, name="clock", daemon=True).start()

    def close(self) -> None:
        """Fire nothing from now on."""
        self._closing.set()

    def _run(self) -> None:
        while not self._closing.wait(TICK_SECONDS):
            try:
                self.tick()
            except Exception:
                traceback.print_exc(file=sys.stderr)

    def tick(self) -> None:
        """Fire what is due."""
        now = self._now()
        entries = [entry for source in self._sources for entry in source()]
        for entry in entries:
            plan = self._plans.get(entry.key)
            if plan is None or plan.settings != entry.settings:
                plan = self._plan(entry, entry.times(), now - timedelta(seconds=1))
            if plan.due is not None and plan.scheduled is not None and plan.due <= now:
                scheduled = plan.scheduled
                self._plan(entry, plan.times, max(now, scheduled))
                self._fire(entry, scheduled)
        for key in self._plans.keys() - {entry.key for entry in entries}:
            del self._plans[key]

    def _plan(self, entry: Entry, times: Next, after: datetime) -> _Plan:
        scheduled = times(after)
        due = scheduled and scheduled + entry.window * random.random()  # noqa: S311  # a moment, no secret
        self._plans[entry.key] = plan = _Plan(settings=entry.settings, times=times, scheduled=scheduled, due=due)
        return plan

    @staticmethod
    def _fire(entry: Entry, scheduled: datetime) -> None:
        try:
            entry.fire(scheduled)
        except Exception:
            traceback.print_exc(file=sys.stderr)


def utc_text(moment: datetime) -> str:
    """Return a moment as AWS writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
