"""Scans in the local cloud, policies enforced: at once, by a job, throttled, failing, with a worker killed, and gone.

Source: https://docs.aws.amazon.com/textract/latest/dg/api-async.html
"""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slipway_cli import corpus
from slipway_cli.target import Target
from slipway_local import remote
from slipway_runtime.prepare.keys import document_id
from support.corpus_cloud import bucket, corpus_cloud, has_java, lines
from support.scans import jpeg, png, scan, tiff
from support.waiting import wait_for

pytestmark = [pytest.mark.timeout(900), pytest.mark.capability("D1")]
# Kept as it is: its source has no rules.
FOLDER = "acme/plain/"
TEXT = "The pump of the cooling circuit is serviced once a year and its seal is renewed."
PAGES = tuple(f"Page {name}. {TEXT}" for name in ("one", "two", "three"))
DOCUMENTS = {
    "image.png": png(TEXT, "Second line."),
    "photo.jpg": jpeg(TEXT),
    "pages.tiff": tiff(*PAGES),
    "single.pdf": scan(TEXT),
    "three.pdf": scan(*PAGES),
}
REFUSED = {"blank.png": ("no_text_recognised", png()), "poster.pdf": ("ocr_failed", scan(*PAGES, side=9001))}


class Scans:
    """An environment that reads scans, and its documents by name."""

    def __init__(self, target: Target, state_folder: Path) -> None:
        self.target, self.state_folder = target, state_folder
        self.table = target.parameter("foundation/documents-table-name")

    def put(self, name: str, data: bytes) -> None:
        bucket(self.target, "raw").write(FOLDER + name, data)

    def state(self, name: str) -> dict[str, Any]:
        key = {"document_id": {"S": document_id(FOLDER + name)}, "item": {"S": "current"}}
        item = self.target.client("dynamodb").get_item(TableName=self.table, Key=key).get("Item", {})
        return {field: next(iter(value.values())) for field, value in item.items()}

    def ends(self, name: str, status: str) -> bool:
        return wait_for(lambda: self.state(name).get("status") == status, seconds=180)

    def line(self, name: str) -> dict[str, Any]:
        found = bucket(self.target, "curated").read(f"curated/acme/{document_id(FOLDER + name)}.json", 10**8)
        assert found is not None
        return dict(json.loads(found.data))

    def fault(self, **given: Any) -> dict[str, Any]:
        return dict(remote.ask(self.state_folder, "POST", "faults", given))


@pytest.fixture(autouse=True)
def calm(scans: "Scans") -> Iterator[None]:
    yield
    remote.ask(scans.state_folder, "DELETE", "faults/")


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scans]:
    folder = tmp_path_factory.mktemp("scans")
    with corpus_cloud(folder, batch_documents=20, ocr="textract") as there:
        yield Scans(there, folder / "state")


@pytest.fixture(scope="module")
def ingested(scans: Scans) -> Scans:
    for name, data in DOCUMENTS.items():
        scans.put(name, data)
    for name, (_, data) in REFUSED.items():
        scans.put(name, data)
    assert [name for name in DOCUMENTS if not scans.ends(name, "indexed")] == []
    assert [name for name in REFUSED if not scans.ends(name, "rejected")] == []
    return scans


def test_images_and_scans_become_text_with_pages(ingested: Scans) -> None:
    assert ingested.line("image.png")["text"] == f"{TEXT}\nSecond line."
    assert ingested.line("single.pdf")["pages"] == [[0, 1]]
    for name in ("three.pdf", "pages.tiff"):
        line = ingested.line(name)
        assert line["text"] == "\n\n".join(PAGES)
        assert [page for _, page in line["pages"]] == [1, 2, 3]
        assert line["counts"] == {"ocr.lines": 3, "ocr.pages": 3}


def test_what_cannot_be_read_is_rejected_with_its_code(ingested: Scans) -> None:
    for name, (code, _) in REFUSED.items():
        assert ingested.state(name)["reason"].startswith(f"{code}: ")


def test_throttled_and_killed_it_is_read_all_the_same(ingested: Scans) -> None:
    """A worker is killed while the service lets it wait; the message comes again, and there is one job."""
    target = ingested.target
    ingested.fault(operation="textract.DetectDocumentText", error="ProvisionedThroughputExceededException", times=3)
    ingested.put("throttled.png", png("Throttled at first."))
    assert ingested.ends("throttled.png", "indexed")
    sqs, queue = target.client("sqs"), target.parameter("ingestion/queue-url")
    # Half an hour in the template: the test cannot wait so long for the message to come again.
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "15"})
    slow = ingested.fault(operation="textract.StartDocumentTextDetection", latency_seconds=20.0, times=1)
    ingested.put("killed.pdf", scan(*(f"Killed. {page}" for page in PAGES)))
    assert ingested.ends("killed.pdf", "recognising")
    assert wait_for(lambda: _hits(ingested, slow["id"]) >= 1)
    victims = _workers(ingested)
    assert victims
    for process_id in victims:
        os.kill(process_id, signal.SIGKILL)
    assert ingested.ends("killed.pdf", "indexed")
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1800"})


def _hits(scans: Scans, fault: str) -> int:
    found = remote.ask(scans.state_folder, "GET", "faults")
    return next((int(one["hit"]) for one in found if one["id"] == fault), 1)


def _workers(scans: Scans) -> list[int]:
    """The processes in which the ingesting function runs."""
    status = remote.ask(scans.state_folder, "GET", "status")
    return list(status["environments"].get(scans.target.parameter("ingestion/function-name"), []))


@pytest.mark.capability("D8")
def test_the_three_paths_give_the_same_bytes_and_pay_once(ingested: Scans) -> None:
    target, curated = ingested.target, bucket(ingested.target, "curated")
    found = [curated.read(key, 10**8) for key in curated.keys("curated/acme/")]
    by_documents = sorted(one.data for one in found if one)
    ingested.fault(operation="textract.*", error="AccessDeniedException")  # nobody asks once more

    assert corpus.run(target, "map", prefix="", run_id="by-map")["out"] == len(by_documents)
    assert lines(target, "corpus", "by-map") == by_documents
    codes = {json.loads(line)["key"]: json.loads(line)["code"] for line in lines(target, "corpus-rejects", "by-map")}
    assert codes == {f"{FOLDER}blank.png": "no_text_recognised", f"{FOLDER}poster.pdf": "ocr_failed"}
    if has_java():
        corpus.run(target, "spark", prefix="", run_id="by-spark")
        assert lines(target, "corpus", "by-spark") == by_documents


def test_a_deletion_removes_the_recognised_text(ingested: Scans) -> None:
    target = ingested.target
    folder = f"ocr/acme/{document_id(FOLDER + 'three.pdf')}/"
    assert len(bucket(target, "curated").keys(folder)) == 1

    target.client("s3").delete_object(Bucket=bucket(target, "raw").name, Key=f"{FOLDER}three.pdf")

    assert ingested.ends("three.pdf", "deleted")
    versions = target.client("s3").list_object_versions(Bucket=bucket(target, "curated").name, Prefix=folder)
    assert "Versions" not in versions


def test_policies_allow_enough_and_no_other_operation(ingested: Scans) -> None:
    with pytest.raises(ClientError, match="Not emulated"):
        ingested.target.client("textract").start_document_analysis(
            DocumentLocation={"S3Object": {"Bucket": "bucket", "Name": "a.pdf"}}, FeatureTypes=["TABLES"]
        )
    report = remote.ask(ingested.state_folder, "GET", "permissions")
    denied = {one["role"]: one["denied"] for one in report["roles"] if one["denied"]}
    assert denied == {}
    (ingest,) = [one for one in report["roles"] if "-IngestRole" in one["role"]]
    assert not [one for one in ingest["unused"] if one["action"].startswith(("textract:", "iam:", "sqs:Send"))]
