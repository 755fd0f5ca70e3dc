"""Keeps a snapshot of everything that lives in memory: after each deployment, every few seconds, and at the end."""

import platform
import sys
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from slipway_local import memory
from slipway_local.aws import Place
from slipway_local.snapshot import backends
from slipway_local.snapshot.pickling import Reduce
from slipway_local.snapshot.store import SnapshotError, SnapshotStore
from slipway_local.state_folder import private

FORMAT = "2"  # what our own services put into a snapshot; count up when an older one could not be used
INTERVAL_SECONDS = 5.0
SHARE = 0.05  # of the time that writing may take


class Snapshotted(Protocol):
    """A service of ours that holds more than moto's backends do.

    Attributes of ours on moto's objects are kept with them and need none of this.
    """

    def state(self) -> Any:
        """Return what to keep: plain data, or moto's objects, which stay the same objects."""

    def restore(self, state: Any) -> None:
        """Take it back; moto's backends are there already. Threads that work on them start here."""


class Keeper:
    """Writes and reads the snapshot of one state folder.

    `changes` counts the requests that may have changed something; while `busy`, a deployment is half done and nothing
    is written. A snapshot that cannot be written is said once in the log and in `error`; the one before it stays.
    """

    def __init__(
        self, state: Path, place: Place, changes: Callable[[], int], busy: Callable[[], bool] = lambda: False
    ) -> None:
        self.error = ""
        self.figures: dict[str, float] = {}
        self.alive: Callable[[], None] = lambda: None  # called every few seconds
        self._folder = private(state / "snapshot")
        self._place = place
        self._changes = changes
        self._busy = busy
        made_by = {"format": FORMAT, "moto": version("moto"), "python": platform.python_version().rpartition(".")[0]}
        self._store = SnapshotStore(self._folder, {**made_by, "account": place.account, "region": place.region})
        self._parts: dict[str, Snapshotted] = {}
        self._reductions: dict[type, Reduce] = {}
        self._writing = threading.Lock()
        self._closing = threading.Event()
        self._seen = -1

    def add(self, name: str, part: Snapshotted) -> None:
        """Keep a service's state under this name; parts come back in the order in which they were added."""
        self._parts[name] = part

    def reduce(self, kind: type, reduction: Reduce) -> None:
        """Say how objects of a type that pickle cannot take are made again, as `__reduce__` would."""
        self._reductions[kind] = reduction

    def restore(self) -> float | None:
        """Read the snapshot and return when it was taken, in seconds since 1970; None if there is none.

        Raises SnapshotError for one that cannot be used; nothing of it is in use then.
        """
        if not self._store.exists():
            return None
        (kept, parts), taken_at = self._store.read(self._place.endpoint_url)
        try:
            backends.put_back(kept)
        except (ImportError, LookupError) as error:
            raise SnapshotError(f"moto does not know {error}") from error
        for name, part in self._parts.items():
            if name in parts:
                part.restore(parts[name])
        return taken_at

    def start(self) -> None:
        """Write from now on whenever something may have changed."""
        threading.Thread(target=self._run, name="keeper", daemon=True).start()

    def _run(self) -> None:
        worked = True
        while not self._closing.wait(max(INTERVAL_SECONDS, self.figures.get("seconds", 0) / SHARE)):
            self.alive()
            if self._changes() != self._seen:
                self.keep()
                worked = True
            elif worked:
                memory.give_back()
                worked = False

    def keep(self) -> None:
        """Write now, unless a deployment is in progress."""
        with self._writing:
            if not self._busy():
                self._take()

    def stop(self, *, seconds: float = 5.0) -> bool:
        """Write for the last time and return whether that worked; a deployment in progress leaves the one before it."""
        self._closing.set()
        deadline = time.monotonic() + seconds
        while self._busy():
            if time.monotonic() > deadline:
                self._failed("a deployment was in progress when the local cloud was stopped")
                return False
            time.sleep(0.05)
        self.keep()
        return not self.error

    def _take(self) -> None:
        began, self._seen = time.monotonic(), self._changes()
        parts = {name: part.state() for name, part in self._parts.items()}
        try:
            size = self._store.write((backends.collect(), parts), self._place.endpoint_url, self._reductions)
        except Exception as error:
            self._failed(f"{type(error).__name__}: {error}")
            return
        self.error = ""
        if size:
            self.figures = {"bytes": size, "seconds": round(time.monotonic() - began, 3), "taken_at": time.time()}

    def _failed(self, reason: str) -> None:
        if reason != self.error:
            sys.stderr.write(f"the snapshot could not be written, the one before it stays: {reason}\n")
        self.error = reason
