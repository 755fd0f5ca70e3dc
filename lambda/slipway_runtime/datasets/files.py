"""A file of lines that knows its own facts."""

import hashlib
from pathlib import Path

from slipway_runtime.datasets.card import FileFacts


class LineFile:
    """Writes lines, and counts and hashes them on the way."""

    def __init__(self, path: Path) -> None:
        self._out = path.open("wb")
        self._hash = hashlib.sha256()
        self._lines = 0

    def write(self, line: bytes) -> None:
        """Append a line, with its end."""
        self._out.write(line)
        self._hash.update(line)
        self._lines += 1

    def close(self) -> FileFacts:
        """Return the facts of the finished file."""
        size = self._out.tell()
        self._out.close()
        return FileFacts(size, self._lines, self._hash.hexdigest())
