"""Wait for what happens in another process, with a deadline."""

import time
from collections.abc import Callable


def wait_for(condition: Callable[[], object], *, seconds: float = 30) -> bool:
    """True as soon as `condition()` is true, False if that takes longer than `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False
