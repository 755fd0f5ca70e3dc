"""What a labelling job is started with: the input of the state machine, checked before anything is made."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from slipway_runtime.labelling.task import Task

MAX_DEADLINE_SECONDS = 300 * 24 * 3600  # a standard execution lives a year


class InvalidJob(ValueError):  # noqa: N818 - says what is wrong
    """A job that cannot be started. The text names the field and the remedy, and quotes no item."""


class JobRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A job: `items` is an s3:// URI of JSONL, or a prefix of curated documents; `votes` people label each item."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    items: Annotated[str, Meta(pattern=r"^s3://[a-z0-9.-]{3,63}/.{1,1024}$")]
    task: Task
    tenant: Annotated[str, Meta(pattern="^[a-z0-9-]{1,64}$")] = "default"
    votes: Annotated[int, Meta(ge=1, le=9)] = 1
    deadline_seconds: Annotated[int, Meta(ge=10, le=MAX_DEADLINE_SECONDS)] = 7 * 24 * 3600

    @property
    def place(self) -> tuple[str, str]:
        """Return the bucket and the key or prefix of the items."""
        bucket, _, key = self.items.removeprefix("s3://").partition("/")
        return bucket, key


def read_request(given: Any) -> JobRequest:
    """Return the request. Raises: InvalidJob naming the field."""
    try:
        return msgspec.convert(given, JobRequest)
    except msgspec.ValidationError as error:
        raise InvalidJob(f"the job cannot start: {error}; see docs/labelling.md") from error
