"""A run's beginning: its id is taken once, so that no run publishes into another one's place."""

import msgspec

from slipway_runtime.corpus.run import Run
from slipway_runtime.corpus.storage import Storage


class InvalidRun(ValueError):  # noqa: N818 - says what is wrong
    """A run that cannot begin. The text names the field and the remedy."""


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """Who took the id of a run: an execution's ARN, or a name that the starter made up."""

    by: str


def begin(storage: Storage, run: Run, by: str) -> None:
    """Take the id of a run; the same starter may do so again.

    Raises: InvalidRun if another one has it, or something of an earlier run is there.
    """
    folder = f"corpus-runs/{run.run_id}/"
    mark = f"{folder}begun.json"
    keys = storage.keys(folder)
    if keys and mark not in keys:
        raise _taken(run, "a run of an earlier version")
    if not keys and storage.create(mark, msgspec.json.encode(Begun(by=by))):
        return
    found = storage.read(mark, max_bytes=10**6)
    owner = msgspec.json.decode(found.data, type=Begun).by if found else "a run that has gone since"
    if owner != by:
        raise _taken(run, owner)


def _taken(run: Run, owner: str) -> InvalidRun:
    return InvalidRun(f"run_id: {run.run_id!r} was used by {owner}; start the run under an id of its own")
