"""A job as the table holds it, and the places of its files."""

from typing import Literal

import msgspec

from slipway_runtime.labelling.open_item import ItemState
from slipway_runtime.labelling.request import JobRequest
from slipway_runtime.labelling.table import Row

Status = Literal["preparing", "open", "closing", "completed", "expired"]
NUMBER_DIGITS = 6
LAST = "~"  # sorts after everything in a sort key


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job. `items` can be labelled, `rejected` lines could not; `remaining` still need somebody.

    `token` is Step Functions' and `salt` that of its people's pseudonyms: neither leaves the server. `resumed`: the
    token was used. Units: seconds since 1970.
    """

    id: str
    request: JobRequest
    created_at: float
    deadline_at: float
    items: int
    rejected: int
    status: Status = "preparing"
    salt: str = ""
    remaining: int = 0
    labels: int = 0
    flagged: int = 0
    token: str = ""
    resumed: int = 0

    @property
    def partition(self) -> str:
        """Return where the rows of the items are."""
        return f"{self.request.tenant}#{self.id}"

    def row(self) -> Row:
        """Return the job as its row, without a token."""
        return {
            "job": jobs_of(self.request.tenant),
            "item": self.id,
            "body": msgspec.json.encode(
                {
                    "id": self.id,
                    "request": self.request,
                    "created_at": self.created_at,
                    "deadline_at": self.deadline_at,
                    "items": self.items,
                    "rejected": self.rejected,
                    "salt": self.salt,
                },
                order="sorted",
            ).decode(),
            "status": self.status,
            "remaining": self.remaining,
            "labels": self.labels,
            "flagged": self.flagged,
        }


def read_job(row: Row) -> Job:
    """Return the job of a row."""
    changing = {
        name: row[name] for name in ("status", "remaining", "labels", "flagged", "token", "resumed") if name in row
    }
    return msgspec.convert(msgspec.json.decode(str(row["body"])) | changing, Job)


def jobs_of(tenant: str) -> str:
    """Return the partition of a tenant's jobs."""
    return f"jobs#{tenant}"


def folder(job_id: str) -> str:
    """Return the prefix of a job's files in the artifacts bucket."""
    return f"labelling/{job_id}/"


def item_id(number: int) -> str:
    """Return an item's id, which sorts by number."""
    return f"{number:0{NUMBER_DIGITS}d}"


def item_row(partition: str, state: ItemState, revision: int) -> Row:
    """Return an item's row: `open#…` while somebody may be asked about it, then `done#…`."""
    prefix = "open" if state.state == "open" else "done"
    body = msgspec.json.encode(state, order="sorted").decode()
    return {"job": partition, "item": f"{prefix}#{item_id(state.number)}", "revision": revision, "body": body}


def read_state(row: Row) -> ItemState:
    """Return the item of a row."""
    return msgspec.json.decode(str(row["body"]), type=ItemState)
