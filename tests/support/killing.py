"""Processes of the local cloud, and their end without a warning."""

import contextlib
import os
import signal
from collections.abc import Callable

import psutil

from support.waiting import wait_for


def function_workers(endpoint_url: str) -> list[psutil.Process]:
    """The processes in which this local cloud runs the ingestion function."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "environ"])
        if "slipway_runtime.handlers.ingest_document.handler" in (process.info["cmdline"] or [])
        and (process.info["environ"] or {}).get("AWS_ENDPOINT_URL") == endpoint_url
    ]


def kill(find: Callable[[], list[psutil.Process]]) -> None:
    """Kill the processes, as soon as there are some: one that was killed before may be on its way up."""
    victims: list[psutil.Process] = []

    def found() -> bool:
        victims[:] = find()
        return bool(victims)

    assert wait_for(found, seconds=60)
    for process in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
