"""The process of a local cloud: whether it runs, where, and how it is started."""

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from slipway_local import memory
from slipway_local.remote import LocalCloudError, ask
from slipway_local.state_folder import unwritable

START_SECONDS = 60.0


def held(state: Path) -> bool:
    """Return whether a daemon holds the state folder's lock."""
    if not (state / "daemon.lock").exists():
        return False
    with (state / "daemon.lock").open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def find(state: Path) -> dict[str, Any] | None:
    """Return the running daemon's process id and address; None when there is none, whatever its file says."""
    if not held(state):
        return None
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and held(state):
        with contextlib.suppress(OSError, ValueError, LocalCloudError):
            daemon: dict[str, Any] = json.loads((state / "daemon.json").read_text(encoding="utf-8"))
            ask(state, "GET", "health")
            return daemon
        time.sleep(0.02)
    return None


def launch(state: Path, cache: Path, account: str, region: str) -> dict[str, Any]:
    """Start a daemon and return its process id and address. Raises LocalCloudError with the end of its log."""
    command = [sys.executable, "-m", "slipway_local.server", "--state", str(state), "--cache", str(cache)]
    try:
        state.mkdir(parents=True, exist_ok=True)
        (state / "daemon.json").unlink(missing_ok=True)
        log = (state / "daemon.log").open("ab")  # what a crash left there is kept
    except OSError as error:
        raise LocalCloudError(unwritable(state, error)) from None
    with log:
        process = subprocess.Popen(
            [*command, "--account", account, "--region", region],
            env=os.environ | memory.ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if daemon := find(state):
            return daemon
        time.sleep(0.02)
    tail = (state / "daemon.log").read_text(encoding="utf-8", errors="replace")[-1500:]
    raise LocalCloudError(f"the daemon did not start:\n{tail}")
