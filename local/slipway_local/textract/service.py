"""DetectDocumentText, StartDocumentTextDetection and GetDocumentTextDetection in place of moto's fixed answers.

Source: https://docs.aws.amazon.com/textract/latest/APIReference/API_DetectDocumentText.html and its neighbours
"""

import base64
import json
from collections.abc import Callable
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

    def operation(answer: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]) -> Callable[[Any], str]:
        return lambda self: json.dumps(answer(json.loads(self.body), self.textract_backend.async_text_detection_jobs))

    def start(request: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
        stored = (request.get("DocumentLocation") or {}).get("S3Object") or {}
        job = _same(request, known) or jobs.start(request, _object(place.account, place.partition, stored))
        known[job.job_id] = job
        return {"JobId": job.job_id}

    def refused(request: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
        raise _error("InvalidParameterException", "Not emulated: this local cloud detects text and analyses nothing")

    TextractResponse.detect_document_text = operation(lambda request, known: _detect(request, place))
    TextractResponse.start_document_text_detection = operation(start)
    TextractResponse.get_document_text_detection = operation(_get)
    TextractResponse.start_document_analysis = TextractResponse.get_document_analysis = operation(refused)
    return jobs


def _detect(request: dict[str, Any], place: Place) -> dict[str, Any]:
    document = request.get("Document") or {}
    if ("Bytes" in document) == ("S3Object" in document):
        raise _error("InvalidParameterException", "Request has invalid parameters: Bytes or S3Object, one of them")
    stored = document.get("S3Object")
    data = _object(place.account, place.partition, stored) if stored else base64.b64decode(document["Bytes"])
    try:
        return detected(data)
    except UnreadableError as error:
        raise _error(error.code, str(error)) from error


def _same(request: dict[str, Any], known: dict[str, Any]) -> Any:
    """Return the job that the request's token has started already, None if there is none."""
    for name in UNSUPPORTED:
        if name in request:
            raise _error("InvalidParameterException", f"Not emulated: {name}; leave it out")
    token = request.get("ClientRequestToken")
    job = next((one for one in list(known.values()) if token and one.request.get("ClientRequestToken") == token), None)
    if job and job.request != request:
        message = "A ClientRequestToken input parameter was reused with an operation, but at least one of "
        raise _error("IdempotentParameterMismatchException", message + "the other input parameters differs")
    return job


def _get(request: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    job = known.get(request.get("JobId", ""))
    if job is None:
        raise _error("InvalidJobIdException", "Request has an invalid job id")
    job_id, _, start = request.get("NextToken", f"{request['JobId']}:0").rpartition(":")
    if job_id != job.job_id or not start.isdigit():
        raise _error("InvalidParameterException", "Request has invalid parameters: NextToken")
    answer: dict[str, Any] = job.answer(int(start), int(request.get("MaxResults", MAX_RESULTS)))
    return answer
