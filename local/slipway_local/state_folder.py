"""The folder of one daemon: its lock, its port, and what to say when it cannot be written to."""

import errno
import fcntl
import os
import socket
from pathlib import Path
from typing import Any

UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG, errno.ENOTDIR}


class AlreadyRunningError(RuntimeError):
    """Another daemon works on this state folder."""


def private(folder: Path) -> Path:
    """Make a folder that only its owner reads, for what holds secrets, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def hold(state: Path) -> Any:
    """Lock the state folder and return the open lock. Raises AlreadyRunningError if another daemon holds it."""
    state.mkdir(parents=True, exist_ok=True)
    lock = (state / "daemon.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise AlreadyRunningError(f"another local cloud runs on {state}") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def listen(remembered: Path, wanted: int) -> socket.socket:
    """Listen on the port that is wanted, else on that of last time, else (it is taken) on a free one."""
    last = int(remembered.read_text(encoding="utf-8")) if remembered.exists() else 0
    try:
        listener = socket.create_server(("127.0.0.1", wanted or last), backlog=128)
    except OSError:
        if wanted:
            raise
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    remembered.write_text(str(listener.getsockname()[1]), encoding="utf-8")
    return listener


def unwritable(state: Path, error: OSError) -> str:
    """Return the sentence about a state folder on a disk that is full or may not be written to."""
    return f"the state folder {state} cannot be written to: {error.strerror}; SLIPWAY_HOME names another place"
