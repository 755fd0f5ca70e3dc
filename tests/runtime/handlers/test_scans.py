"""Scans through the ingesting function: at once, by a job, again, failing, throttled, deleted.

Source: https://docs.aws.amazon.com/textract/latest/dg/api-async.html (one job for one token),
https://docs.aws.amazon.com/textract/latest/dg/async-notification-payload.html
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slipway_local.aws import Place
from slipway_local.textract import jobs, service
from slipway_runtime.corpus.outcome import Reject, outcome_of
from slipway_runtime.corpus.sources import Sources
from slipway_runtime.corpus.storage import Bucket
from slipway_runtime.handlers import ingest_document
from slipway_runtime.operate import ocr, textract
from slipway_runtime.operate.clients import client
from slipway_runtime.prepare.keys import document_id
from support.scans import png, scan

pytestmark = pytest.mark.capability("D1")
KEY = "acme/scans/a.pdf"
PAGES = ("The pump is serviced yearly.", "The valve is closed by hand.", "The seal costs nine crowns.")
TOPIC, ROLE = "arn:aws:sns:us-east-1:123456789012:ended", "arn:aws:iam::123456789012:role/textract"


class Textract:
    """What was asked of the service, and what it refuses."""

    def __init__(self, found: Any) -> None:
        self.calls: Counter[str] = Counter()
        self.refusals: list[str] = []
        found.meta.events.register("before-call.textract", self._called)

    def _called(self, model: Any, **_: Any) -> None:
        self.calls[model.name] += 1
        if self.refusals:
            raise ClientError({"Error": {"Code": self.refusals.pop(), "Message": "no"}}, model.name)


@pytest.fixture
def asked(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Textract]:
    """OCR switched on, with the local cloud's Textract; its messages are delivered by hand."""
    queue = client("sqs").create_queue(QueueName="work")["QueueUrl"]
    for name, value in {"OCR_TOPIC_ARN": TOPIC, "OCR_ROLE_ARN": ROLE, "QUEUE_URL": queue}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(jobs.Jobs, "_tell", lambda self, job: None)
    monkeypatch.setattr(jobs, "JOB_SECONDS", 0.0)
    monkeypatch.setattr(textract, "PATIENCE_SECONDS", 1.0)
    running = service.install(Place(endpoint_url=""))
    ingest_document._lifecycle.cache_clear()
    yield Textract(client("textract"))
    ingest_document._lifecycle.cache_clear()
    running.close()


def ended(key: str, status: str = "SUCCEEDED") -> str:
    said = {"JobId": "j", "Status": status, "API": "StartDocumentTextDetection", "JobTag": document_id(key)}
    return json.dumps({**said, "Timestamp": 1, "DocumentLocation": {"S3ObjectName": key, "S3Bucket": "raw"}})


def waiting(cloud: Any) -> list[dict[str, Any]]:
    """The bodies of the messages that are held back in the queue."""
    from moto.sqs.models import sqs_backends

    messages = sqs_backends["123456789012"]["us-east-1"].queues["work"]._messages
    return [json.loads(message.body) for message in messages]


def stored(cloud: Any) -> list[str]:
    found = cloud.s3.list_object_versions(Bucket="curated-bucket", Prefix="ocr/")
    assert "DeleteMarkers" not in found
    return [entry["Key"] for entry in found.get("Versions", [])]


def test_an_image_is_recognised_at_once_and_paid_for_once(cloud: Any, asked: Textract) -> None:
    event = cloud.put("acme/a.png", png(*PAGES))

    assert cloud.ingest(event) == []
    assert cloud.curated("acme/a.png")["text"] == "\n".join(PAGES)
    assert cloud.lineage("acme/a.png")["counts"] == {"ocr.pages": 1, "ocr.lines": 3}
    again = cloud.put("acme/a.png", png(*PAGES))
    assert cloud.ingest(again) == []
    assert asked.calls == {"DetectDocumentText": 1}


def test_pages_of_a_scan_come_by_a_job_that_nobody_waits_for(cloud: Any, asked: Textract) -> None:
    event = cloud.put(KEY, scan(*PAGES))

    assert cloud.ingest(event) == []
    assert cloud.lineage(KEY)["status"] == "recognising"
    assert [body["detail"]["object"]["key"] for body in waiting(cloud)] == [KEY]
    assert cloud.ingest(ended(KEY)) == []
    assert cloud.lineage(KEY)["status"] == "indexed"
    assert [page for _, page in cloud.curated(KEY)["pages"]] == [1, 2, 3]
    assert asked.calls == {"StartDocumentTextDetection": 1, "GetDocumentTextDetection": 1}
    assert [name.rpartition(".")[2] for name in stored(cloud)] == ["json"]


def test_a_lost_message_is_made_up_for_by_the_one_that_waits(cloud: Any, asked: Textract) -> None:
    cloud.ingest(cloud.put(KEY, scan(*PAGES)))
    (later,) = waiting(cloud)

    assert cloud.ingest(later) == []
    assert cloud.lineage(KEY)["status"] == "indexed"
    assert cloud.ingest(later, ended(KEY), ended("acme/unknown.pdf")) == []
    assert cloud.lineage(KEY)["status"] == "indexed"


def test_a_stop_between_two_steps_starts_no_second_job(
    cloud: Any, asked: Textract, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any) -> None:
        raise RuntimeError("killed")

    event = cloud.put(KEY, scan(*PAGES))
    with monkeypatch.context() as patched:
        patched.setattr(ocr.Recognitions, "begin", stopped)
        assert cloud.ingest(event) == ["0"]
    assert cloud.ingest(event) == []
    assert cloud.ingest(ended(KEY)) == []
    assert cloud.lineage(KEY)["status"] == "indexed"
    from moto.textract.models import textract_backends

    assert len(textract_backends["123456789012"]["us-east-1"].async_text_detection_jobs) == 1


def test_the_end_that_comes_before_the_note_of_the_job(
    cloud: Any, asked: Textract, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = cloud.put(KEY, scan(*PAGES))
    with monkeypatch.context() as patched:
        patched.setattr(ocr.Recognitions, "begin", lambda *_: None)
        cloud.ingest(event)

    assert cloud.ingest(ended(KEY)) == []
    assert cloud.lineage(KEY)["status"] == "indexed"


def test_a_job_that_fails_rejects_the_document(cloud: Any, asked: Textract) -> None:
    cloud.ingest(cloud.put(KEY, scan(*PAGES, side=9001)))

    assert cloud.ingest(ended(KEY, "FAILED")) == []
    assert cloud.lineage(KEY)["status"] == "rejected"
    assert cloud.lineage(KEY)["reason"].startswith("ocr_failed: ")
    assert [key.rpartition(".")[2] for key in stored(cloud)] == ["refused"]


@pytest.mark.capability("D8")
def test_a_run_over_the_corpus_says_of_a_refused_scan_what_the_document_path_said(cloud: Any, asked: Textract) -> None:
    raw, texts = (Bucket(client=cloud.s3, name=name) for name in ("raw-bucket", "curated-bucket"))
    event = cloud.put(KEY, scan(*PAGES, side=9001))
    before = outcome_of(raw, KEY, Sources.of("{}"), 10**8, texts)
    assert isinstance(before, Reject) and before.code == "not_recognised"

    cloud.ingest(event)
    cloud.ingest(ended(KEY, "FAILED"))

    found = outcome_of(raw, KEY, Sources.of("{}"), 10**8, texts)
    assert isinstance(found, Reject)
    assert f"{found.code}: {found.reason}" == cloud.lineage(KEY)["reason"]


def test_a_job_that_never_answers_rejects_the_document(
    cloud: Any, asked: Textract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "JOB_SECONDS", 10_000.0)
    cloud.ingest(cloud.put(KEY, scan(*PAGES)))
    (later,) = waiting(cloud)
    assert cloud.ingest(later) == []
    assert cloud.lineage(KEY)["status"] == "recognising"
    assert len(waiting(cloud)) == 2

    monkeypatch.setattr(ocr, "LONGEST_SECONDS", 0.0)
    assert cloud.ingest(later) == []
    assert cloud.lineage(KEY)["reason"].startswith("ocr_failed: ")


@pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "ThrottlingException"])
def test_throttling_is_waited_out(cloud: Any, asked: Textract, code: str) -> None:
    asked.refusals = [code, code]

    assert cloud.ingest(cloud.put("acme/a.png", png("words"))) == []
    assert cloud.curated("acme/a.png")["text"] == "words"
    assert asked.calls["DetectDocumentText"] == 3


def test_who_is_throttled_for_long_comes_again(cloud: Any, asked: Textract) -> None:
    asked.refusals = ["LimitExceededException"] * 100
    event = cloud.put(KEY, scan(*PAGES))

    assert cloud.ingest(event) == ["0"]
    asked.refusals = []
    assert cloud.ingest(event) == []
    assert cloud.ingest(ended(KEY)) == []
    assert cloud.lineage(KEY)["status"] == "indexed"


def test_a_blank_scan_has_a_code_of_its_own(cloud: Any, asked: Textract) -> None:
    cloud.ingest(cloud.put("acme/a.png", png()))

    assert cloud.lineage("acme/a.png")["reason"].startswith("no_text_recognised: ")


def test_a_deletion_takes_the_stored_text_and_a_new_version_the_old_one(cloud: Any, asked: Textract) -> None:
    cloud.ingest(cloud.put("acme/a.png", png("first words")))
    (first,) = stored(cloud)
    cloud.ingest(cloud.put("acme/a.png", png("second words")))
    (second,) = stored(cloud)
    assert first != second

    assert cloud.ingest(cloud.delete("acme/a.png")) == []
    assert stored(cloud) == []


def test_lines_that_are_hard_to_read_are_counted(cloud: Any, asked: Textract) -> None:
    cloud.ingest(cloud.put("acme/a.png", png("A clear line.", "A l\ufffdne that is not.")))

    assert cloud.lineage("acme/a.png")["counts"] == {"ocr.pages": 1, "ocr.lines": 2, "ocr.uncertain_lines": 1}


def test_many_blocks_come_in_parts(cloud: Any, asked: Textract) -> None:
    pages = ["\n".join(f"unit {'abcde'[page]} line {at} of the book" for at in range(60)) for page in range(5)]
    cloud.ingest(cloud.put(KEY, scan(*pages)))

    assert cloud.ingest(ended(KEY)) == []
    assert cloud.curated(KEY)["text"].count("\n") + 1 == 5 * 60 + 4
    assert asked.calls["GetDocumentTextDetection"] == 3
