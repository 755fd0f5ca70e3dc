"""DetectDocumentText, StartDocumentTextDetection and GetDocumentTextDetection in place of moto's fixed answers.

Source: https://docs.aws.amazon.com/textract/latest/APIReference/API_DetectDocumentText.html and its neighbours
"""

import base64
import json
from typing import Any

from slipway_local.aws import Place
from slipway_local.textract.blocks import blocks
from slipway_local.textract.jobs import MAX_RESULTS, MODEL, Jobs
from slipway_local.textract.reading import UnreadableError, read

UNSUPPORTED = ("OutputConfig", "KMSKeyId")


def detected(data: bytes) -> dict[str, Any]:
    """Return what DetectDocumentText does. Raises: UnreadableError."""
    pages = read(data, one_page=True)
    return {
        "DocumentMetadata": {"Pages": len(pages)},
        "Blocks": blocks(pages),
        "DetectDocumentTextModelVersion": MODEL,
    }


def _error(code: str, message: str) -> Exception:
    from moto.core.exceptions import JsonRESTError

    error: Exception = JsonRESTError(code, message)
    return error


def _object(account: str, partition: str, place: dict[str, Any]) -> bytes:
    """Return an object's bytes; that the caller may read it is judged with the call."""
    from moto.s3.models import s3_backends

    bucket = s3_backends[account][partition].buckets.get(place.get("Bucket", ""))
    version, name = place.get("Version"), place.get("Name", "")
    found = bucket.keys.getlist(name, []) if bucket else []
    for key in reversed(found):
        if hasattr(key, "value") and version in (None, key.version_id):
            return bytes(key.value)
    message = "Unable to get object metadata from S3. Check object key, region and/or access permissions."
    raise _error("InvalidS3ObjectException", message)


def install(place: Place) -> Jobs:
    """Put these in place of moto's answers. What moto answers to other operations is refused."""
    from moto.textract.responses import TextractResponse

    jobs = Jobs(place)

    def detect_document_text(self: Any) -> str:
        document = json.loads(self.body).get("Document") or {}
        if ("Bytes" in document) == ("S3Object" in document):
            raise _error("InvalidParameterException", "Request has invalid parameters: Bytes or S3Object, one of them")
        stored = document.get("S3Object")
        data = _object(place.account, place.partition, stored) if stored else base64.b64decode(document["Bytes"])
        try:
            return json.dumps(detected(data))
        except UnreadableError as error:
            raise _error(error.code, str(error)) from error

    def start_document_text_detection(self: Any) -> str:
        request = json.loads(self.body)
        for name in UNSUPPORTED:
            if name in request:
                raise _error("InvalidParameterException", f"Not emulated: {name}; leave it out")
        data = _object(place.account, place.partition, (request.get("DocumentLocation") or {}).get("S3Object") or {})
        known = self.textract_backend.async_text_detection_jobs
        token = request.get("ClientRequestToken")
        for job in list(known.values()):
            if token and job.request.get("ClientRequestToken") == token:
                if job.request != request:
                    message = "A ClientRequestToken input parameter was reused with an operation, but at least one of "
                    raise _error("IdempotentParameterMismatchException", message + "the other input parameters differs")
                return json.dumps({"JobId": job.job_id})
        job = jobs.start(request, data)
        known[job.job_id] = job
        return json.dumps({"JobId": job.job_id})

    def get_document_text_detection(self: Any) -> str:
        request = json.loads(self.body)
        job = self.textract_backend.async_text_detection_jobs.get(request.get("JobId"))
        if job is None:
            raise _error("InvalidJobIdException", "Request has an invalid job id")
        job_id, _, start = request.get("NextToken", f"{request['JobId']}:0").rpartition(":")
        if job_id != job.job_id or not start.isdigit():
            raise _error("InvalidParameterException", "Request has invalid parameters: NextToken")
        return json.dumps(job.answer(int(start), int(request.get("MaxResults", MAX_RESULTS))))

    def refused(self: Any) -> str:
        raise _error("InvalidParameterException", "Not emulated: this local cloud detects text and analyses nothing")

    TextractResponse.detect_document_text = detect_document_text
    TextractResponse.start_document_text_detection = start_document_text_detection
    TextractResponse.get_document_text_detection = get_document_text_detection
    TextractResponse.start_document_analysis = TextractResponse.get_document_analysis = refused
    return jobs
