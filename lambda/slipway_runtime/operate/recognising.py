"""A document between two looks at it: its text is being recognised by a job.

The lineage says so first, so that whoever hears that the job has ended finds which version it was about; then the job
is started; then a message waits in the queue, to look again should nobody hear. Whatever stops in between comes again
with the event, and finds the same job.
"""

from dataclasses import dataclass

from slipway_runtime.operate.again import Again
from slipway_runtime.operate.change import Arrival, Change, Result
from slipway_runtime.operate.lineage import Lineage
from slipway_runtime.operate.objects import ObjectVersion
from slipway_runtime.operate.ocr import NotYet, Ocr
from slipway_runtime.operate.record import Record
from slipway_runtime.operate.retry import Deadline

LOOK_AGAIN_SECONDS = 900  # the longest that SQS holds a message back


@dataclass(frozen=True, kw_only=True)
class Recognising:
    """Hands documents to jobs, and takes them up again. Raises: the errors of the service, S3, DynamoDB and SQS."""

    ocr: Ocr
    lineage: Lineage
    again: Again

    def wait(self, arrival: Arrival, reason: NotYet, deadline: Deadline) -> Result:
        """Leave a document to its job, which is started if it is not."""
        record = arrival.record("recognising", sha256=reason.sha256)
        if not self.lineage.put(record):
            return Result(outcome="stale")
        if not reason.is_started:
            self.ocr.start(arrival, reason.sha256, deadline)
        self.again.later(record, LOOK_AGAIN_SECONDS)
        return Result(outcome="recognising")

    def ended(self, document_id: str) -> Change | None:
        """Return the change that waited for a job that has ended; None if nothing waits any more."""
        record = self.lineage.current(document_id)
        return change_of(record) if record and record.status == "recognising" else None


def change_of(record: Record) -> Change:
    """Return the change by which a version came."""
    version = ObjectVersion(
        bucket=record.bucket,
        key=record.key,
        version_id=record.version_id,
        etag=record.etag,
        size_bytes=record.bytes,
    )
    return Change(object=version, sequencer=record.sequencer, at=record.updated_at)
