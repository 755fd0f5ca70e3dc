"""Jobs of text detection: started once for a token, ended after a moment, told by a topic, read in parts.

Source: https://docs.aws.amazon.com/textract/latest/dg/api-async.html and async-notification-payload.html
"""

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from slipway_local.aws import Place
from slipway_local.permissions.enforcement import enforcement
from slipway_local.textract.blocks import Block, blocks
from slipway_local.textract.reading import Pages, UnreadableError, read
from slipway_local.timers import Timers

JOB_SECONDS = 1.0
MAX_RESULTS = 1_000
MODEL = "1.0"
OPERATION = "StartDocumentTextDetection"


@dataclass
class Job:
    """A job and what it found; it works until `ends_at`, seconds since 1970."""

    request: dict[str, Any]
    ends_at: float
    pages: int = 0
    blocks: list[Block] = field(default_factory=list)
    failure: str = ""
    job_id: str = field(default_factory=lambda: uuid.uuid4().hex * 2)

    @property
    def status(self) -> str:
        """Return the job's status as of now."""
        if time.time() < self.ends_at:
            return "IN_PROGRESS"
        return "FAILED" if self.failure else "SUCCEEDED"

    def answer(self, start: int, limit: int) -> dict[str, Any]:
        """Return what GetDocumentTextDetection does, from a block on."""
        status = self.status
        if status != "SUCCEEDED":
            return {"JobStatus": status} | ({"StatusMessage": self.failure} if status == "FAILED" else {})
        end = start + min(limit, MAX_RESULTS)
        answer = {
            "DocumentMetadata": {"Pages": self.pages},
            "JobStatus": status,
            "Blocks": self.blocks[start:end],
            "DetectDocumentTextModelVersion": MODEL,
        }
        return answer | ({"NextToken": f"{self.job_id}:{end}"} if end < len(self.blocks) else {})


class Jobs:
    """Starts jobs and tells when they end; what is started lies with the backend, which the daemon keeps."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._timers = Timers("textract", threads=4)

    def start(self, request: dict[str, Any], data: bytes) -> Job:
        """Return a new job that reads a document."""
        job = Job(request=request, ends_at=time.time() + JOB_SECONDS)
        try:
            pages: Pages = read(data, one_page=False)
            job.pages, job.blocks = len(pages), blocks(pages)
        except UnreadableError as error:
            job.failure = error.status
        if "NotificationChannel" in request:
            self._timers.after(JOB_SECONDS, self._tell, job)
        return job

    def close(self) -> None:
        """Tell of no more ends."""
        self._timers.close()

    def _tell(self, job: Job) -> None:
        channel, place = job.request["NotificationChannel"], job.request["DocumentLocation"]["S3Object"]
        source = self._place.arn("textract", "*")
        if not enforcement.service_may("textract.amazonaws.com", "sts:AssumeRole", channel["RoleArn"], source):
            return  # the daemon's log says so
        message = {
            "JobId": job.job_id,
            "Status": "FAILED" if job.failure else "SUCCEEDED",
            "API": OPERATION,
            "JobTag": job.request.get("JobTag", ""),
            "Timestamp": round(time.time() * 1000),
            "DocumentLocation": {"S3ObjectName": place["Name"], "S3Bucket": place["Bucket"]},
        }
        role = enforcement.sessions.open(channel["RoleArn"], "textract", self._place.region)
        self._place.client("sns", role).publish(TopicArn=channel["SNSTopicArn"], Message=json.dumps(message))
