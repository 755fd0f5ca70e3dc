"""What a run goes over: listed once, before anything is read, and kept with the run, so that the books answer to it."""

import json
from collections import Counter
from collections.abc import Iterable

from slipway_runtime.corpus.storage import Storage


class LostError(Exception):
    """What was staged is not what was listed: a document was lost, or curated twice."""


def listing_key(run_id: str) -> str:
    """Return where the listing of a run is: one line for each object, as a Map state reads it."""
    return f"corpus-runs/{run_id}/listed.jsonl"


def take(raw: Storage, storage: Storage, run_id: str, prefix: str) -> list[str]:
    """List the objects that begin with `prefix`, once for a run, and return their keys; again returns the same.

    Source: Step Functions developer guide, "ItemReader (Map)", JSONL.
    """
    lines = (json.dumps({"Key": key}) + "\n" for key in raw.keys(prefix))
    storage.create(listing_key(run_id), "".join(lines).encode())
    return listed(storage, run_id)


def listed(storage: Storage, run_id: str) -> list[str]:
    """Return the keys that a run goes over. Raises: FileNotFoundError."""
    found = storage.read(listing_key(run_id), max_bytes=1 << 40)
    if found is None:
        raise FileNotFoundError(f"{listing_key(run_id)} is gone; start the run again under an id of its own")
    return [json.loads(line)["Key"] for line in found.data.splitlines()]


def check(storage: Storage, run_id: str, staged: Iterable[str]) -> int:
    """Return how many objects were listed. Raises: LostError, having written down which were not staged once."""
    keys, times = listed(storage, run_id), Counter(staged)
    wrong = {key: times[key] for key in keys if times[key] != 1}
    wrong |= {key: times[key] for key in times.keys() - set(keys)}
    if wrong:
        where = f"corpus-runs/{run_id}/lost.jsonl"
        lines = (json.dumps({"key": key, "staged": count}) + "\n" for key, count in sorted(wrong.items()))
        storage.write(where, "".join(lines).encode())
        lost = sum(not count for count in wrong.values())
        raise LostError(
            f"of {len(keys)} listed objects {lost} were not staged, and {len(wrong) - lost} twice or unlisted; "
            f"nothing was published. Which: {where} in the curated bucket. Start the run again under another id"
        )
    return len(keys)
