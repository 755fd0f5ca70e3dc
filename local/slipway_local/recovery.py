"""What the next start finds: a snapshot after `down`, an older one after a crash, one that cannot be used, or nothing.

The file `running` lies in the state folder for as long as a daemon works on it, and stays when that ends without a last
snapshot. Its time is when the daemon last gave a sign of life.
"""

import contextlib
import os
import shutil
import sys
import time
from pathlib import Path

from slipway_local.deploy.stack_state import StackStore
from slipway_local.snapshot import Keeper, SnapshotError, leftovers

STATE = ("snapshot", "stacks", "postgres")
AGAIN = "Ingest again what you sent after that: what is there already changes nothing."


class Recovery:
    """Brings back one state folder. `notices` says what a person should know about it, in whole sentences."""

    def __init__(self, state: Path) -> None:
        self.notices: list[str] = []
        self._state = state
        self._marker = state / "running"

    def prepare(self) -> None:
        """End what a killed daemon left behind. Raises OSError where nothing can be written."""
        self._crashed = self._marker.exists()
        self._last_sign = self._marker.stat().st_mtime if self._crashed else 0.0
        if self._crashed and (ended := leftovers.end(self._state / "scratch")):
            self._say(f"Ended {len(ended)} processes of functions that a killed daemon had left behind.")
        shutil.rmtree(self._state / "scratch", ignore_errors=True)
        self._marker.write_text(str(os.getpid()), encoding="utf-8")

    def restore(self, keeper: Keeper, store: StackStore) -> bool:
        """Read the snapshot if there is one. Raises SnapshotError if it cannot be used."""
        taken_at = keeper.restore()
        if taken_at is None:
            if self._crashed:
                self._say("The local cloud was killed before it had kept anything; it starts empty.")
            return False
        if self._crashed:
            self._say(self._after_crash(taken_at, store.lost))
        return True

    def _after_crash(self, taken_at: float, lost: list[str]) -> str:
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(taken_at))
        seconds = max(0.0, self._last_sign - taken_at)
        again = f" Deployed again: {', '.join(lost)}." if lost else ""
        return (
            f"The local cloud was killed; it was rebuilt from its snapshot of {moment}, and the databases from their "
            f"own logs. Objects, items and messages of the {seconds:.0f} seconds after that are lost.{again} {AGAIN}"
        )

    def refuse(self, error: SnapshotError) -> str:
        """Move a state that cannot be used aside, whole, and return the sentence that says so."""
        aside = self._state / time.strftime("set-aside-%Y%m%dT%H%M%S")
        aside.mkdir()
        for name in STATE:
            with contextlib.suppress(FileNotFoundError):
                (self._state / name).replace(aside / name)
        self._marker.unlink(missing_ok=True)
        return f"The kept state was not used: {error}. It lies in {aside}, and the local cloud started empty."

    def sign(self) -> None:
        """Give a sign of life."""
        with contextlib.suppress(OSError):
            os.utime(self._marker)

    def finish(self) -> None:
        """Say that everything is kept."""
        self._marker.unlink(missing_ok=True)

    def _say(self, sentence: str) -> None:
        self.notices.append(sentence)
        sys.stderr.write(f"{sentence}\n")
