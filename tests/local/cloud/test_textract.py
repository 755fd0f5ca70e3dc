"""Textract: text detection at once and by jobs, with the limits and errors of the service.

Expectations: https://docs.aws.amazon.com/textract/latest/APIReference/API_DetectDocumentText.html and its neighbours,
https://docs.aws.amazon.com/textract/latest/dg/limits-document.html
"""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from slipway_local.textract import service
from slipway_local.textract.jobs import Job
from support.scans import jpeg, png, scan, tiff
from support.shapes import check_answer

pytestmark = pytest.mark.capability("D1")


@pytest.fixture
def textract(local_cloud: Any) -> Any:
    return local_cloud.place.client("textract")


@pytest.fixture
def stored(local_cloud: Any) -> Any:
    s3 = local_cloud.place.client("s3")
    s3.create_bucket(Bucket="scans-of-textract")

    def put(data: bytes) -> dict[str, Any]:
        s3.put_object(Bucket="scans-of-textract", Key="a", Body=data)
        return {"S3Object": {"Bucket": "scans-of-textract", "Name": "a"}}

    return put


@pytest.mark.parametrize(
    "data", [png("One line", "Two"), jpeg("One line", "Two"), scan("One line\nTwo"), tiff("One line\nTwo")]
)
def test_lines_and_their_words_have_places_in_the_page(textract: Any, data: bytes) -> None:
    found = textract.detect_document_text(Document={"Bytes": data})
    by_id = {block["Id"]: block for block in found["Blocks"]}
    (page,) = [block for block in found["Blocks"] if block["BlockType"] == "PAGE"]
    lines = [by_id[one] for one in page["Relationships"][0]["Ids"]]

    assert [line["Text"] for line in lines] == ["One line", "Two"]
    assert [by_id[one]["Text"] for one in lines[0]["Relationships"][0]["Ids"]] == ["One", "line"]
    tops = [line["Geometry"]["BoundingBox"]["Top"] for line in lines]
    assert 0 < tops[0] < tops[1] < 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"words", "UnsupportedDocumentException"),
        (scan("a", "b"), "UnsupportedDocumentException"),
        (tiff("a", "b"), "UnsupportedDocumentException"),
        (scan("a", side=9001), "UnsupportedDocumentException"),
        (png("a")[:20], "BadDocumentException"),
        (png("a") + bytes(10 * 1024**2), "DocumentTooLargeException"),
    ],
)
def test_what_is_refused(textract: Any, data: bytes, code: str) -> None:
    with pytest.raises(ClientError) as refused:
        textract.detect_document_text(Document={"Bytes": data})
    assert refused.value.response["Error"]["Code"] == code


def test_a_token_starts_one_job_and_one_only(textract: Any, stored: Any, local_cloud: Any) -> None:
    place = stored(scan("a", "b"))
    first = textract.start_document_text_detection(DocumentLocation=place, ClientRequestToken="t-1")
    assert (
        textract.start_document_text_detection(DocumentLocation=place, ClientRequestToken="t-1")["JobId"]
        == first["JobId"]
    )
    with pytest.raises(ClientError, match="IdempotentParameterMismatch"):
        textract.start_document_text_detection(DocumentLocation=place, ClientRequestToken="t-1", JobTag="other")
    job = {"JobId": first["JobId"]}
    assert textract.get_document_text_detection(**job)["JobStatus"] == "IN_PROGRESS"
    local_cloud.eventually(lambda: textract.get_document_text_detection(**job)["JobStatus"] == "SUCCEEDED")
    part = textract.get_document_text_detection(**job, MaxResults=3)
    rest = textract.get_document_text_detection(**job, NextToken=part["NextToken"])
    assert [one["BlockType"] for one in part["Blocks"] + rest["Blocks"]] == ["PAGE", "LINE", "WORD"] * 2
    assert part["DocumentMetadata"] == {"Pages": 2}


def test_unknown_jobs_and_objects(textract: Any) -> None:
    with pytest.raises(ClientError, match="InvalidJobIdException"):
        textract.get_document_text_detection(JobId="0" * 64)
    with pytest.raises(ClientError, match="InvalidS3ObjectException"):
        textract.start_document_text_detection(DocumentLocation={"S3Object": {"Bucket": "not-there", "Name": "a"}})


def test_answers_have_the_shape_of_the_model() -> None:
    check_answer("textract", "DetectDocumentText", service.detected(png("One line")))
    found = service.detected(png("a b", "c"))["Blocks"]
    done = Job(request={}, ends_at=0, pages=1, blocks=found)
    check_answer("textract", "GetDocumentTextDetection", done.answer(0, 2))
    check_answer("textract", "GetDocumentTextDetection", Job(request={}, ends_at=0, failure="X").answer(0, 1))
