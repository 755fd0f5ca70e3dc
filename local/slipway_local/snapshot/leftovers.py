"""The processes that a daemon left behind when it was killed: those whose home lies in its scratch folder."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path


def end(scratch: Path) -> list[int]:
    """Kill the functions' processes of one state folder and return their ids; nobody else's have such a HOME."""
    home = f"HOME={scratch.resolve()}{os.sep}".encode()
    found = [pid for pid, environment in _processes() if home in environment and pid != os.getpid()]
    for pid in found:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    return found


def _processes() -> Iterator[tuple[int, bytes]]:
    """Yield the id of each process whose environment may be read, and that environment."""
    if Path("/proc/self/environ").exists():
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                yield int(folder.name), (folder / "environ").read_bytes()
        return
    listed = subprocess.run(["ps", "-axEww", "-o", "pid=,command="], capture_output=True, check=False)
    for line in listed.stdout.splitlines():
        pid, _, command = line.strip().partition(b" ")
        yield int(pid), command
