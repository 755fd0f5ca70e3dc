"""Amazon Textract's text detection: at once for one page, by a job for more.

Source: Amazon Textract developer guide, "Set quotas", "Calling Amazon Textract asynchronous operations", "Handling
throttled calls and dropped connections".
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from slipway_runtime.operate.objects import ObjectVersion
from slipway_runtime.operate.retry import CONNECTION_ERRORS, Backoff, Deadline, error_code
from slipway_runtime.prepare.recognised import SURE_PERCENT, Recognised, RecognisedPage
from slipway_runtime.prepare.rejected import Rejected, Scan
from slipway_runtime.prepare.tiff import MAX_PAGES

MAX_IMAGE_BYTES = 10 * 1024**2  # also of one page that is read at once
# What a job is asked for at a time; the service's own most.
PAGE_BLOCKS = 1_000
REFUSED = frozenset(("BadDocumentException", "DocumentTooLargeException", "UnsupportedDocumentException"))
BUSY = CONNECTION_ERRORS | {
    *("InternalServerError", "LimitExceededException", "ProvisionedThroughputExceededException"),
    "ThrottlingException",
}
UNKNOWN_JOB = "InvalidJobIdException"
STATUS = re.compile(r"[A-Z_]{1,64}")
# What waits longer than this for its turn waits in the queue, where waiting costs nothing.
PATIENCE_SECONDS = 15.0
Answer = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Channel:
    """Where a job says that it has ended: a topic, and the role by which the service writes to it. ARNs."""

    topic_arn: str
    role_arn: str


@dataclass(frozen=True, kw_only=True)
class Textract:
    """The service; every method may raise its errors once patience or the deadline is at an end."""

    client: Any
    channel: Channel
    backoff: Backoff = field(default_factory=Backoff)

    def reads_at_once(self, scan: Scan, data: bytes) -> bool:
        """Return whether one call reads the document. Raises: Rejected("too_large") for what no call reads."""
        is_image = scan.media_type in ("image/png", "image/jpeg")
        if is_image and len(data) > MAX_IMAGE_BYTES:
            raise Rejected("too_large", f"an image of more than {MAX_IMAGE_BYTES} bytes is not read; scale it down")
        if scan.pages > MAX_PAGES:
            raise Rejected("too_large", f"a scan of more than {MAX_PAGES} pages is not read; split it into parts")
        return is_image or (scan.pages == 1 and len(data) <= MAX_IMAGE_BYTES)

    def detect(self, scan: Scan, data: bytes, sha256: str, deadline: Deadline) -> Recognised:
        """Return the text of a page. Raises: Rejected("ocr_failed")."""
        answer = self._call("detect_document_text", deadline, Document={"Bytes": data})
        return _recognised(scan, sha256, answer, _pages(answer["Blocks"]), [])

    def start(self, version: ObjectVersion, token: str, tag: str, deadline: Deadline) -> str:
        """Return the id of the job that reads a version, the same one for the same token. Raises: as `detect`."""
        named = {"Bucket": version.bucket, "Name": version.key}
        answer = self._call(
            "start_document_text_detection",
            deadline,
            DocumentLocation={"S3Object": named | ({"Version": version.version_id} if version.version_id else {})},
            ClientRequestToken=token,
            JobTag=tag,
            NotificationChannel={"SNSTopicArn": self.channel.topic_arn, "RoleArn": self.channel.role_arn},
        )
        return str(answer["JobId"])

    def result(self, scan: Scan, job_id: str, sha256: str, deadline: Deadline) -> Recognised | None:
        """Return the text that a job found, None while it works.

        Raises: Rejected("ocr_failed") if it failed, TimeoutError, and LookupError for a job that is known no more.
        """
        blocks: list[Answer] = []
        token: dict[str, str] = {}
        while True:
            answer = self._call("get_document_text_detection", deadline, JobId=job_id, MaxResults=PAGE_BLOCKS, **token)
            if answer["JobStatus"] == "IN_PROGRESS":
                return None
            if answer["JobStatus"] == "FAILED":
                raise _failed(answer.get("StatusMessage", ""))
            # Words are as many again, and nobody needs them.
            blocks += [block for block in answer.get("Blocks", []) if block["BlockType"] in ("PAGE", "LINE")]
            if not answer.get("NextToken"):
                break
            token = {"NextToken": answer["NextToken"]}
            if deadline.remaining_seconds <= 0:
                raise TimeoutError("no time left in this invocation to fetch the recognised text")
        failed = {page for warning in answer.get("Warnings", []) for page in warning.get("Pages", [])}
        return _recognised(scan, sha256, answer, _pages(blocks), sorted(failed))

    def _call(self, operation: str, deadline: Deadline, **arguments: Any) -> Answer:
        until = min(deadline, Deadline.after(PATIENCE_SECONDS), key=lambda each: each.at)
        try:
            found: Answer = self.backoff.call(
                lambda: getattr(self.client, operation)(**arguments),
                retry_on=lambda error: error_code(error) in BUSY,
                deadline=until,
            )
        except self.client.exceptions.ClientError as error:
            if error_code(error) in REFUSED:
                raise _failed(error_code(error)) from error
            if error_code(error) == UNKNOWN_JOB:
                raise LookupError("the job is known no more") from error
            raise
        return found


def _pages(blocks: Iterable[Answer]) -> list[RecognisedPage]:
    """Return the pages by number, their lines in the order in which the service lists them."""
    lines: defaultdict[int, list[Answer]] = defaultdict(list)
    for block in blocks:
        number = block.get("Page") or 1  # not told of a document of one page
        if block["BlockType"] == "PAGE":
            lines[number] += []
        elif block["BlockType"] == "LINE":
            lines[number].append(block)
    return [
        RecognisedPage(
            number=number,
            lines=[line["Text"] for line in found],
            uncertain_lines=sum(line["Confidence"] < SURE_PERCENT for line in found),
        )
        for number, found in sorted(lines.items())
    ]


def _recognised(scan: Scan, sha256: str, answer: Answer, pages: list[RecognisedPage], failed: list[int]) -> Recognised:
    engine = f"textract-{answer.get('DetectDocumentTextModelVersion') or 'unknown'}"
    return Recognised(sha256=sha256, engine=engine, media_type=scan.media_type, pages=pages, failed_pages=failed)


def _failed(status: str) -> Rejected:
    # A service's own words may quote the document; its codes do not.
    named = f" ({status})" if STATUS.fullmatch(status) or status in REFUSED else ""
    return Rejected(
        "ocr_failed",
        f"Amazon Textract could not read the document{named}; save it as a PDF of at most 40 inches a side, or as PNG, "
        "and upload it again",
    )
