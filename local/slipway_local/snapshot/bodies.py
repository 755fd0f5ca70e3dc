"""The bodies of S3 objects, each a file of its own that is written once: a snapshot only names them."""

import copyreg
import uuid
from pathlib import Path
from typing import Any


def read(name: str) -> bytes:
    """Stand for a body in a snapshot; `Bodies.read` takes its place where one is read."""
    raise RuntimeError(f"body {name} is read outside a snapshot")


class _Body:
    """Becomes its bytes when it is read."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __reduce__(self) -> tuple[Any, ...]:
        return (read, (self._name,))


class Bodies:
    """A folder of bodies. For each snapshot: `begin`, `reduce` for each object, `commit`, and `sweep` at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._used: set[str] = set()
        self._new: dict[str, tuple[Any, bytes]] = {}

    def begin(self) -> None:
        """Forget what an earlier snapshot named."""
        self._used, self._new = set(), {}

    def reduce(self, key: Any) -> tuple[Any, ...]:
        """Return how moto's FakeKey is made again. Its body is written later: writing lets other threads run."""
        state = {name: value for name, value in key.__dict__.items() if name not in ("_value_buffer", "lock")}
        if "slipway_body" not in state:
            state["slipway_body"] = uuid.uuid4().hex
            self._new[state["slipway_body"]] = (key, _bytes(key))
        name = state["slipway_body"]
        self._used.add(name)
        return (copyreg.__newobj__, (type(key),), {**state, "value": _Body(name)})  # type: ignore[attr-defined]

    def commit(self) -> int:
        """Write what is new and return the number of bytes."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, (key, body) in self._new.items():
            partial = self._folder / f"{name}.partial"
            partial.write_bytes(body)
            partial.replace(self._folder / name)
            key.slipway_body = name
        return sum(len(body) for _, body in self._new.values())

    def sweep(self) -> None:
        """Remove the bodies that the snapshot just written does not name."""
        for path in self._folder.iterdir():
            if path.name not in self._used:
                path.unlink(missing_ok=True)

    def read(self, name: str) -> bytes:
        """Return a body. Raises FileNotFoundError if somebody removed it."""
        return (self._folder / name).read_bytes()


def _bytes(key: Any) -> bytes:
    try:
        return bytes(key.value)
    except ValueError:  # moto has closed the file of an object that was overwritten or deleted
        return b""
