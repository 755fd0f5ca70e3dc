"""Who holds an item and who has labelled it: pure decisions, written to the table under a revision."""

from typing import Literal

import msgspec

State = Literal["open", "labelled", "flagged", "erased"]


class ItemState(msgspec.Struct, frozen=True, kw_only=True):
    """One item of a job. `offset` and `length` are its bytes in items.jsonl, `votes` how many labels it needs.

    `leases`: who works on it until when (seconds since 1970); `voters`: who has labelled; `skipped`: who would not.
    """

    number: int
    offset: int
    length: int
    votes: int
    state: State = "open"
    voters: list[str] = []
    skipped: list[str] = []
    leases: dict[str, float] = {}

    def lease_of(self, worker: str, now: float) -> float | None:
        """Return until when a worker holds the item, None if not or no longer."""
        until = self.leases.get(worker, 0.0)
        return until if until > now else None

    def has_place(self, worker: str, now: float) -> bool:
        """Return whether a worker may label: the item is open, not yet theirs, and a vote is free or held by them."""
        if self.state != "open" or worker in self.voters:
            return False
        others = sum(until > now for name, until in self.leases.items() if name != worker)
        return len(self.voters) + others < self.votes

    def leased(self, worker: str, until: float, now: float) -> "ItemState":
        """Return the item held by a worker too; leases that are over are dropped."""
        return msgspec.structs.replace(self, leases=self._others(worker, now) | {worker: until})

    def voted(self, worker: str, now: float) -> "ItemState":
        """Return the item with a worker's vote, `labelled` if that was the last."""
        voters = [*self.voters, worker]
        state: State = "labelled" if len(voters) >= self.votes else "open"
        leases = self._others(worker, now)
        return msgspec.structs.replace(self, voters=voters, leases=leases, state=state)

    def passed(self, worker: str, now: float, *, flag: bool) -> "ItemState":
        """Return the item that a worker gave back; with `flag` nobody is asked about it any more."""
        skipped = sorted({*self.skipped, worker})
        state: State = "flagged" if flag else self.state
        return msgspec.structs.replace(self, skipped=skipped, leases=self._others(worker, now), state=state)

    def erased(self) -> "ItemState":
        """Return the item whose document was deleted: nobody is asked about it any more."""
        return msgspec.structs.replace(self, leases={}, state="erased")

    def _others(self, worker: str, now: float) -> dict[str, float]:
        return {name: until for name, until in self.leases.items() if name != worker and until > now}
