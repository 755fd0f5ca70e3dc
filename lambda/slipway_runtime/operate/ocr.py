"""Recognises the text of scans: at once, or by a job whose end brings the document back into ingestion.

No invocation waits for a job. It is started once for each version, whoever asks how often; what is asked again later is
whether it has ended, by its own notification or, should that be lost, after a while.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from slipway_runtime.operate.change import Arrival
from slipway_runtime.operate.observability import count
from slipway_runtime.operate.recognitions import Job, Recognitions
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.operate.textract import Textract
from slipway_runtime.prepare.recognised import Recognised
from slipway_runtime.prepare.rejected import Rejected, Scan

# A job that has said nothing by then never will. Units: seconds.
LONGEST_SECONDS = 24 * 3600.0


class NotYet(Exception):  # noqa: N818 - says what is
    """The text is not there yet: a job reads the document, or is to be started (`is_started`)."""

    def __init__(self, sha256: str, *, is_started: bool) -> None:
        super().__init__("the text is being recognised")
        self.sha256 = sha256
        self.is_started = is_started


@dataclass(frozen=True, kw_only=True)
class Ocr:
    """The service, and what is known of the documents. `clock`: seconds since 1970."""

    textract: Textract
    known: Recognitions
    clock: Callable[[], float] = time.time

    def text(self, arrival: Arrival, scan: Scan, data: bytes, deadline: Deadline) -> Recognised:
        """Return the text of a scan, recognised now or before.

        Raises: NotYet; Rejected; the errors of S3 and of the service.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        if found := self.known.text(arrival, sha256):
            return found
        try:
            return self._asked(arrival, scan, data, sha256, deadline)
        except Rejected as rejected:
            self.known.refuse(arrival, sha256, rejected)
            raise

    def _asked(self, arrival: Arrival, scan: Scan, data: bytes, sha256: str, deadline: Deadline) -> Recognised:
        if self.textract.reads_at_once(scan, data):
            return self._kept(arrival, self.textract.detect(scan, data, sha256, deadline))
        job = self.known.job(arrival, sha256)
        if job is None:
            raise NotYet(sha256, is_started=False)
        try:
            result = self.textract.result(scan, job.job_id, sha256, deadline)
        except LookupError:  # it is kept for seven days
            raise NotYet(sha256, is_started=False) from None
        except Rejected:
            self.known.forget_job(arrival, sha256)
            raise
        if result is None:
            return self._wait(arrival, sha256, job)
        return self._kept(arrival, result)

    def start(self, arrival: Arrival, sha256: str, deadline: Deadline) -> None:
        """Start the job, or find the one that was started when this was done before. Raises: as `text`."""
        version = arrival.change.object
        named = f"{version.bucket}/{version.key}/{version.version_id}/{sha256}"
        token = hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()
        job_id = self.textract.start(version, token, arrival.key.document_id, deadline)
        self.known.begin(arrival, sha256, Job(job_id=job_id, started_at=self.clock()))
        count("RecognitionsStarted")

    def _kept(self, arrival: Arrival, text: Recognised) -> Recognised:
        self.known.keep(arrival, text)
        count("PagesRecognised", len(text.pages))
        return text

    def _wait(self, arrival: Arrival, sha256: str, job: Job) -> Recognised:
        if self.clock() - job.started_at < LONGEST_SECONDS:
            raise NotYet(sha256, is_started=True)
        self.known.forget_job(arrival, sha256)
        raise Rejected(
            "ocr_failed", f"Amazon Textract gave no answer in {LONGEST_SECONDS / 3600:.0f} hours; upload it again"
        )
