"""What was observed of an experiment's arms: counters, to which each event adds once and each unit once a metric.

A unit's first observation counts: more of the same person would not be independent, and the error rate would no longer
hold. Others are counted apart, as repeats. Units are kept as hashes salted by the experiment, and expire.
"""

import hashlib
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from slipway_runtime.generate.prompts.experiment import MILLION
from slipway_runtime.generate.prompts.experiment_evidence import Count
from slipway_runtime.operate import rows
from slipway_runtime.operate.rows import NEW, Conflict, Table

KEPT_SECONDS = 180 * 86_400  # longer than any experiment, 90 days
COUNT = "count#"
Counted = Literal["counted", "repeat", "duplicate"]
# By epoch, metric and version.
Counts = dict[int, dict[str, dict[int, Count]]]


class Observation(NamedTuple):
    """One value of one unit; `event_id` tells a retry from another observation."""

    epoch: int
    arm: int
    unit: str
    metric: str
    share: int
    event_id: str


@dataclass(frozen=True, kw_only=True)
class Tally:
    """The counters of one tenant's experiments."""

    table: Table
    tenant: str
    now: Callable[[], float] = time.time

    def add(self, experiment: str, seen: Observation) -> Counted:
        """Count an observation; "duplicate" if its event was counted before, "repeat" if its unit was."""
        subject = self.subject(experiment)
        event = self._once(subject, f"event#{_hashed(experiment, seen.event_id)}")
        unit = self._once(subject, f"unit#{seen.metric}#{_hashed(experiment, seen.unit)}")
        counter = f"{COUNT}{seen.epoch:04}#{seen.metric}#{seen.arm:06}"
        expression = "ADD unit_count :0, share_sum :1"
        try:
            self.table.write(event, unit, rows.update(subject, counter, expression, "", (1, seen.share)))
        except Conflict as conflict:
            if 0 in conflict.failed:
                return "duplicate"
        else:
            return "counted"
        try:
            self.table.write(event, rows.update(subject, counter, "ADD repeat_count :0", "", (1,)))
        except Conflict:
            return "duplicate"
        return "repeat"

    def read(self, experiment: str) -> Counts:
        """Return all counters of an experiment."""
        found: Counts = defaultdict(lambda: defaultdict(dict))
        for row in self.table.query(self.subject(experiment), COUNT):
            _, epoch, metric, arm = str(row["item"]).split("#")
            total = int(row.get("share_sum", 0)) / MILLION
            found[int(epoch)][metric][int(arm)] = Count(int(row.get("unit_count", 0)), total)
        return found

    def subject(self, experiment: str) -> str:
        """Return under what the rows of an experiment are."""
        return f"{self.tenant}#experiment#{experiment}"

    def _once(self, subject: str, item: str) -> dict[str, dict[str, object]]:
        return rows.put({"subject": subject, "item": item, "expires_at": int(self.now()) + KEPT_SECONDS}, NEW)


def _hashed(experiment: str, name: str) -> str:
    text = f"{experiment}\0{name}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).hexdigest()
