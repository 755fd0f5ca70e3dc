"""A deleted document is nowhere any more, whatever was made of it; all else stays. With policies enforced.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from slipway_cli import augment, corpus
from slipway_cli.dataset_store import Datasets, build
from slipway_cli.erase import erase
from slipway_cli.labelling import start_job
from slipway_cli.target import Target
from slipway_local import cloud
from slipway_runtime.operate.shards import is_shard
from slipway_runtime.prepare.keys import document_id
from support import trial
from support.augmentation import BALE, LAMP, PUMP, ingest
from support.waiting import wait_for
from support.words import places_of

pytestmark = [pytest.mark.slow, pytest.mark.capability("D11"), pytest.mark.timeout(600)]
SETTINGS = """
removal: destroy
termination_protection: false
models:
  default: {grounded: true, routes: [{bedrock: 'eu.amazon.nova-lite-v1:0'}]}
  fast: {routes: [{bedrock: 'eu.amazon.nova-lite-v1:0'}]}
ingestion:
  near_duplicates: {enabled: true}
  corpus: {map: true}
datasets: {enabled: true}
augmentation: {enabled: true, questions: 3, paraphrases: 1, entities: true, classes: [machines, lighting]}
labelling: {enabled: true}
cache: {enabled: true}
conversations: {enabled: true}
"""
MARKER = "zanzibarquokka"
MARKED = "default/manual/marked.md"
A = document_id(MARKED)
DOCUMENTS = {
    MARKED: PUMP.replace("pump", MARKER),
    "default/manual/lamp.md": LAMP,
    "default/manual/bale.md": BALE,
}
QUESTION = "How long does the seal last?"
TASK = {"type": "text", "question": "What is it about?"}
LEFT = ("datasets-work/failed/0/examples.jsonl", "corpus-staged/failed/lines/part")


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("everywhere") / "state"


@pytest.fixture(scope="module")
def target(state: Path) -> Iterator[Target]:
    yield trial.up(state.parent, SETTINGS)
    cloud.down(state)


def call(target: Target, method: str, path: str, body: Any = None, *, ended: int = 0) -> Any:
    headers = {"authorization": f"Bearer {target.api_key}"}
    answer = urllib3.request(
        method, f"{target.gateway_url}{path}", json=body, headers=headers, retries=False, timeout=60
    )
    assert answer.status < 300 or answer.status == ended, answer.data
    return json.loads(answer.data)


def start(target: Target, job: str) -> None:
    """Start a job on the documents of the run over the corpus."""
    curated = target.parameter("foundation/curated-bucket-name")
    start_job(target, job, {"name": job, "items": f"s3://{curated}/corpus/source=default/", "task": TASK})
    assert wait_for(lambda: {one["id"]: one["status"] for one in jobs_of(target)}.get(job) == "open", seconds=120)


def label(target: Target, job: str, worker: str, *, only_marked: bool = False) -> None:
    """Label what is offered by words of it."""
    jobs = f"/labelling/jobs/{job}"
    while item := offered(target, jobs, worker):
        said: dict[str, Any] = {"worker": worker, "label": f"It says: {item['text'][:60]}"}
        verb = "labels"
        if only_marked and MARKER not in item["text"]:
            said, verb = {"worker": worker, "reason": "later"}, "skip"
        call(target, "POST", f"{jobs}/items/{item['id']}/{verb}", said)


def offered(target: Target, jobs: str, worker: str) -> Any:
    """Return the next item, None where there is none or the job has ended."""
    if call(target, "GET", jobs)["status"] != "open":
        return None
    return call(target, "POST", f"{jobs}/next", {"worker": worker}, ended=409).get("item")


def jobs_of(target: Target) -> list[dict[str, Any]]:
    return list(call(target, "GET", "/labelling/jobs")["data"])


def lines(target: Target) -> dict[str, set[bytes]]:
    """Return the lines of every shard that do not name the marked document."""
    s3, found = target.client("s3"), {}
    for name in ("curated", "artifacts"):
        bucket = target.parameter(f"foundation/{name}-bucket-name")
        for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]:
            if is_shard(entry["Key"]):
                data = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
                found[entry["Key"]] = {line for line in data.splitlines() if line.strip() and A.encode() not in line}
    return found


@pytest.fixture(scope="module")
def filled(target: Target) -> dict[str, set[bytes]]:
    """All that is made of documents; returns the lines that have to stay."""
    ingest(target, DOCUMENTS)
    assert corpus.run(target, "map", prefix="", run_id="all")["out"] == len(DOCUMENTS)
    assert augment.run(target, "default/manual/", "first")["tallies"]["question"]["kept"] >= 6
    split = {"train": 1.0, "validation": 0.0, "test": 0.0}
    build(target, {"name": "text", "kind": "text", "documents": ["default/"], "split": split}, "text-1")
    build(target, {"name": "faq", "kind": "messages", "examples": ["augmented/"], "split": split}, "faq-1")
    for job in ("ended", "half", "untouched"):
        start(target, job)
    label(target, "ended", "ann")
    label(target, "half", "ann", only_marked=True)
    expected = {"ended": "completed", "half": "open", "untouched": "open"}
    assert wait_for(lambda: {one["id"]: one["status"] for one in jobs_of(target)} == expected, seconds=120)
    for more in ({}, {"conversation": "c1"}):
        asked = [{"role": "user", "content": QUESTION}]
        body = {"model": "default", "user": "ann", "temperature": 0, "messages": asked, "slipway": more}
        answer = call(target, "POST", "/chat/completions", body)
        assert MARKER in answer["choices"][0]["message"]["content"]
    line = json.dumps({"document_id": A, "source_version": "v", "text": MARKER}).encode() + b"\n"
    for key, bucket in zip(LEFT, ("artifacts", "curated"), strict=True):
        target.client("s3").put_object(Bucket=target.parameter(f"foundation/{bucket}-bucket-name"), Key=key, Body=line)
    return lines(target)


def answers(target: Target) -> tuple[str, ...]:
    """Return the tables that keep answers."""
    return tuple(target.parameter(f"foundation/{name}-table-name") for name in ("cache", "conversations"))


def folders(places: list[str]) -> set[str]:
    return {place.split("/")[3] for place in places if place.startswith("s3://")}


def test_the_document_is_in_everything_that_is_made_of_documents(target: Target, filled: dict[str, set[bytes]]) -> None:
    table = target.parameter("foundation/labelling-table-name")

    assert folders(places_of(target, MARKER)) == {
        *("default", "curated", "corpus", "datasets", "augmented", "augmentation-runs", "labelling"),
        *("datasets-work", "corpus-staged"),
    }
    assert any(place.startswith(f"{table}: ") for place in places_of(target, MARKER))
    assert {place.partition(":")[0] for place in places_of(target, MARKER)} >= set(answers(target))
    assert "labels" in folders(places_of(target, A))
    duplicates = target.parameter("foundation/duplicates-table-name")
    assert any(place.startswith(f"{duplicates}: ") for place in places_of(target, A))


@pytest.fixture(scope="module")
def erased(target: Target, filled: dict[str, set[bytes]]) -> dict[str, int]:
    """What the first pass did, after the deletion and the events that it caused."""
    answer = call(target, "DELETE", f"/documents/{A}")
    assert answer["pending"] == ["examples"]
    assert (answer["removed"]["cached_answers"], answer["removed"]["turns"]) == (1, 1)
    assert not any(place.startswith(answers(target)) for place in places_of(target, MARKER))
    curated = target.parameter("foundation/curated-bucket-name")

    def is_gone() -> bool:
        where = {"Bucket": curated, "Prefix": f"curated/default/{A}"}
        return "Versions" not in target.client("s3").list_object_versions(**where)

    assert wait_for(is_gone, seconds=60)
    return erase(target, confirm=False)


def test_after_the_first_pass_only_work_that_may_go_on_holds_it(target: Target, erased: dict[str, int]) -> None:
    assert erased["documents"] == 1
    assert folders(places_of(target, MARKER)) == {"datasets-work", "corpus-staged"}
    assert len(places_of(target, MARKER)) == len(LEFT)


def test_after_the_second_pass_nothing_holds_it(target: Target, erased: dict[str, int]) -> None:
    assert erase(target, confirm=True)["objects"] == len(LEFT)

    assert places_of(target, MARKER) == []
    assert call(target, "GET", f"/documents/{A}")["deletion"]["confirmed_at"]
    duplicates = target.parameter("foundation/duplicates-table-name")
    assert not [place for place in places_of(target, A) if place.startswith(f"{duplicates}: ")]


def test_the_lines_of_all_other_documents_are_there(
    target: Target, filled: dict[str, set[bytes]], erased: dict[str, int]
) -> None:
    left = lines(target)

    assert sum(map(len, filled.values())) > 20
    assert {key: filled[key] - left.get(key, set()) for key in filled if filled[key] - left.get(key, set())} == {}


def test_a_dataset_says_that_it_lost_lines(target: Target, erased: dict[str, int]) -> None:
    for name in ("text", "faq"):
        noted = Datasets(target).card(name)["erasures"]
        assert {note["object"] for note in noted} >= {"train.jsonl", "documents.jsonl"}


@pytest.mark.parametrize("job", ["half", "untouched"])
def test_an_open_job_goes_on_without_it(target: Target, erased: dict[str, int], job: str) -> None:
    """Its other items are offered, whether it was labelled or not; the results say that one was erased."""
    label(target, job, "ben")
    assert wait_for(lambda: call(target, "GET", f"/labelling/jobs/{job}")["status"] == "completed", seconds=120)

    bucket = target.parameter("foundation/artifacts-bucket-name")
    report = target.client("s3").get_object(Bucket=bucket, Key=f"labelling/{job}/report.json")["Body"].read()
    assert json.loads(report)["outcomes"] == {"erased": 1, "labelled": 2}


def test_nothing_was_denied_and_little_is_left_unused(state: Path, target: Target, erased: dict[str, int]) -> None:
    roles = cloud.permissions(state)["roles"]

    assert {one["role"]: one["denied"] for one in roles if one["denied"]} == {}
    (found,) = [one for one in roles if "-EraseRole" in one["role"]]
    unused = {one["action"] for one in found["unused"] if not one["action"].startswith("logs:")}
    # Each resource counts for itself, and not everything had been rejected, evaluated or judged.
    assert unused <= {
        *("s3:AbortMultipartUpload", "s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:GetObjectVersion"),
        *("s3:DeleteObjectVersion", "dynamodb:DeleteItem"),
        # What was said had gone with the DELETE.
        *("dynamodb:BatchWriteItem", "dynamodb:GetItem", "dynamodb:UpdateItem"),
    }
