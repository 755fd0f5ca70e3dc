"""EventBridge's scheduled rules and EventBridge Scheduler: expressions, and a clock that fires them."""

from functools import partial

from slipway_local.schedules import rules, scheduler
from slipway_local.schedules.clock import Clock
from slipway_local.targets import Targets


def install(targets: Targets) -> Clock:
    """Start the clock of every rule and schedule that moto keeps, and return it, to be closed."""
    rules.install()
    scheduler.install()
    clock = Clock(partial(rules.entries, targets), partial(scheduler.entries, targets))
    clock.start()
    return clock
