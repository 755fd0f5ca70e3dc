"""Giving memory back to the system once a burst of work is over.

glibc keeps an arena for each of many threads, each with its own holes: after the ingestion of a few dozen documents
more than half of what the arenas held was free, and none of it given back.
Source: https://www.gnu.org/software/libc/manual/html_node/Memory-Allocation-Tunables.html, malloc_trim(3)
"""

import contextlib
import ctypes

ENVIRONMENT = {"MALLOC_ARENA_MAX": "2"}  # for the daemon's process: read once, when it starts


def give_back() -> None:
    """Return free pages to the system; where the C library is not glibc, nothing happens."""
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
