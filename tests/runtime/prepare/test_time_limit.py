"""The limit on the time of one document ends loops and searches, and leaves what was there before."""

import re
import signal
import time

import pytest

from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.time_limit import time_limit


def loop() -> None:
    while True:
        pass


@pytest.mark.parametrize("endless", [loop, lambda: re.fullmatch(r"(a|aa)+", "a" * 200 + "b"), lambda: time.sleep(3600)])
def test_whatever_takes_too_long_is_given_up(endless) -> None:
    with pytest.raises(Rejected) as refused, time_limit(0.05):
        endless()

    assert refused.value.code == "too_slow"
    assert "0.05 s" in refused.value.reason


def test_what_is_in_time_is_left_alone_and_an_outer_timer_goes_on() -> None:
    before = signal.getsignal(signal.SIGALRM)
    outer, _ = signal.getitimer(signal.ITIMER_REAL)
    with time_limit(1000):
        found = 1 + 1

    assert found == 2
    assert signal.getsignal(signal.SIGALRM) is before
    assert (signal.getitimer(signal.ITIMER_REAL)[0] > 0) == (outer > 0)
