"""The snapshot as files: `emulator` (a line of JSON that says what made it, then the pickle) and `bodies/`."""

import json
import os
import pickle
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slipway_local.snapshot import bodies, keys
from slipway_local.snapshot.bodies import Bodies
from slipway_local.snapshot.pickling import Reduce, Unpickler, dump

PORT = re.compile(rb"^http://localhost:(\d{5})$")


class SnapshotError(RuntimeError):
    """A snapshot that cannot be used here; the message says why."""


class SnapshotStore:
    """The snapshot of one state folder. `made_by` is what must be equal to read it again: versions, account, region."""

    def __init__(self, folder: Path, made_by: Mapping[str, str]) -> None:
        self._folder = folder
        self._file = folder / "emulator"
        self._made_by = dict(made_by)
        self._bodies = Bodies(folder / "bodies")
        self._last = b""

    def exists(self) -> bool:
        """Return whether there is a snapshot."""
        return self._file.exists()

    def write(self, state: Any, endpoint_url: str, reductions: Mapping[type, Reduce]) -> int:
        """Write the state, whole or not at all; return the bytes written, 0 when nothing has changed.

        Raises CannotKeepError, and OSError on a disk that is full or may not be written to.
        """
        self._bodies.begin()
        content = dump(state, {**reductions, **keys.reductions(), **self._of_objects()})
        if content == self._last:
            return 0
        written = self._bodies.commit()
        header = {**self._made_by, "endpoint_url": endpoint_url, "taken_at": time.time()}
        partial = self._folder / "emulator.partial"
        with partial.open("wb") as file:
            file.write(json.dumps(header).encode() + b"\n" + content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._file)
        self._bodies.sweep()
        self._last = content
        return written + len(content)

    def _of_objects(self) -> dict[type, Reduce]:
        from moto.s3.models import FakeKey

        return {FakeKey: self._bodies.reduce}

    def read(self, endpoint_url: str) -> tuple[Any, float]:
        """Return the state and when it was taken, in seconds since 1970. Raises SnapshotError.

        Addresses in it (a queue's URL in a function's variable) become those of `endpoint_url`.
        """
        with self._file.open("rb") as file:
            line, content = file.readline(), file.read()
        try:
            header = json.loads(line)
            self._check(header)
            content = _moved(content, header["endpoint_url"], endpoint_url)
            functions = {(bodies.__name__, bodies.read.__name__): self._bodies.read}
            return Unpickler(content, functions).load(), float(header["taken_at"])
        except SnapshotError:
            raise
        except (
            OSError,
            pickle.UnpicklingError,
            LookupError,
            AttributeError,
            ImportError,
            TypeError,
            ValueError,
        ) as error:
            raise SnapshotError(f"it cannot be read: {type(error).__name__}: {error}") from error
        except EOFError as error:
            raise SnapshotError("it cannot be read: it ends too early") from error

    def _check(self, header: Mapping[str, Any]) -> None:
        differences = [
            f"{name} {header.get(name)}, here {wanted}"
            for name, wanted in self._made_by.items()
            if header.get(name) != wanted
        ]
        if differences:
            raise SnapshotError(f"it was made by {'; '.join(differences)}")


def _moved(content: bytes, old: str, new: str) -> bytes:
    """Return the pickle with another port in its addresses; five digits stay five, so that every length stays true."""
    if old == new:
        return content
    if not (PORT.match(old.encode()) and PORT.match(new.encode())):
        raise SnapshotError(f"its addresses begin with {old}, and here with {new}: take the same port, or five digits")
    return content.replace(old.encode(), new.encode())
