"""Runs of augmentation in the local cloud, with policies enforced and the extractive stand-in as the model.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html,
https://docs.aws.amazon.com/bedrock/latest/userguide/tool-use.html
"""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from slipway_cli import augment
from slipway_cli.errors import CommandError, UsageError
from slipway_cli.main import app
from slipway_cli.target import Target
from slipway_local import cloud, remote
from slipway_runtime.datasets.example import read_example
from slipway_runtime.operate.lineage import Lineage
from slipway_runtime.prepare.keys import document_id
from support.augmentation import DOCUMENTS, PUMP, ingest, lines, up

pytestmark = [pytest.mark.slow, pytest.mark.capability("D6"), pytest.mark.timeout(300)]
WISHES = """
  questions: 3
  paraphrases: 2
  entities: true
  captions: true
  classes: [machines, lighting, gardening]
"""
PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x10\x00\x00\x00\x10\x08\x02\x00\x00\x00"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("augmentation")


@pytest.fixture(scope="module")
def target(folder: Path) -> Iterator[Target]:
    found = up(folder, WISHES)
    ingest(found, DOCUMENTS)
    s3, raw = found.client("s3"), found.parameter("foundation/raw-bucket-name")
    s3.put_object(Bucket=raw, Key="acme/manual/plan.png", Body=PICTURE)
    s3.put_object(Bucket=raw, Key="acme/manual/named.jpg", Body=b"no picture at all")
    s3.put_object(Bucket=raw, Key="acme/manual/broken.pdf", Body=b"%PDF-1.7\nnothing follows")
    yield found
    report = cloud.permissions(folder / "state")
    cloud.down(folder / "state")
    assert {one["role"]: one["denied"] for one in report["roles"] if one["denied"]} == {}


@pytest.fixture(scope="module")
def report(target: Target) -> dict[str, Any]:
    return augment.run(target, "acme/manual/", "first")


def test_the_books_of_documents_and_of_each_kind_add_up(report: dict[str, Any]) -> None:
    assert report["balanced"] is True
    assert report["complete"] is True
    assert report["planned"] == len(DOCUMENTS) + 3
    assert report["refused"] == {"image_type_not_supported": 1, "not_curated": 1}
    assert report["failed"] == 0
    for kind, tally in report["tallies"].items():
        assert tally["asked"] == tally["kept"] + tally["duplicates"] + sum(tally["rejects"].values()), kind
    assert report["tallies"]["question"]["asked"] == 3 * len(DOCUMENTS)
    assert report["tallies"]["question"]["kept"] >= 6
    # A stand-in that quotes makes no paraphrases: each is found out.
    assert report["tallies"]["paraphrase"]["rejects"] == {"copies_text": 2 * len(DOCUMENTS)}
    assert report["tallies"]["caption"]["rejects"] == {"image_refused": 1}
    # The copy of the pump gives the questions of the pump again.
    assert report["tallies"]["question"]["duplicates"] == 3


def test_examples_are_grounded_and_traced(target: Target, report: dict[str, Any]) -> None:
    by_id = {document_id(key): text for key, text in DOCUMENTS.items()}
    examples = [read_example(line) for line in lines(target, "augmented/acme/manual/first/examples.jsonl")]
    questions = [example for example in examples if example.origin == "augmented"]

    assert len(questions) == report["tallies"]["question"]["kept"]
    for example in questions:
        asked, answered = example.messages
        assert answered.content in " ".join(by_id[example.documents[0]].split())
        assert asked.content.endswith("?")
        assert example.rules[0].endswith("/augment-1-question/eu.amazon.nova-lite-v1:0")
        assert len(example.source_versions[0]) > 10
    assert any(example.messages[0].content.startswith("Was sagt") for example in questions)
    classes = {example.messages[-1].content for example in examples if example.origin == "label"}
    assert classes <= {"machines", "lighting", "gardening"}
    assert classes


def test_labels_have_offsets_into_the_curated_text(target: Target, report: dict[str, Any]) -> None:
    records = {
        each["document_id"]: each for each in map(json.loads, lines(target, "labels/acme/manual/first/labels.jsonl"))
    }
    pump = records[document_id("acme/manual/pump.md")]
    bucket = target.parameter("foundation/curated-bucket-name")
    key = f"curated/acme/{pump['document_id']}.json"
    text = json.loads(target.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())["text"]

    assert {(kind, text[start:end]) for start, end, kind, _ in pump["entities"]} >= {
        ("PERSON", "Weber"),
        ("DATE", "12 May 2026"),
    }
    assert report["labels"]["label.entity.person"] >= 2


def test_lineage_counts_what_was_made(target: Target, report: dict[str, Any]) -> None:
    table = target.parameter("foundation/documents-table-name")
    lineage = Lineage(client=target.client("dynamodb"), documents_table=table, rejects_table="")
    record = lineage.current(document_id("acme/manual/pump.md"))

    assert record
    assert record.counts["augment.question"] == 3
    assert record.counts["label.entity.person"] == 1


def test_rejects_have_an_item_a_code_and_a_reason_that_does_not_quote(target: Target, report: dict[str, Any]) -> None:
    rejects = list(map(json.loads, lines(target, "augmentation-runs/acme/manual/first/rejects.jsonl")))

    assert len(rejects) == sum(sum(tally["rejects"].values()) for tally in report["tallies"].values())
    assert all(each["reason"] and len(each["item_id"]) == 32 for each in rejects)
    assert not any("litres" in each["reason"] for each in rejects)


def test_throttled_calls_end_with_the_same_examples_and_books(
    folder: Path, target: Target, report: dict[str, Any]
) -> None:
    fault = {"operation": "bedrock-runtime.Converse", "error": "ThrottlingException", "rate": 0.3, "seed": 7}
    remote.ask(folder / "state", "POST", "faults", fault)
    try:
        again = augment.run(target, "acme/manual/", "throttled")
    finally:
        remote.ask(folder / "state", "DELETE", "faults/")

    same = {"run_id", "examples"}
    assert {name: value for name, value in again.items() if name not in same} == {
        name: value for name, value in report.items() if name not in same
    }
    first, second = (lines(target, f"augmented/acme/manual/{run}/examples.jsonl") for run in ("first", "throttled"))
    assert first == second


def test_progress_is_told_and_a_part_of_a_source_is_a_source(target: Target, report: dict[str, Any]) -> None:
    told: list[tuple[int, int]] = []
    part = augment.run(target, "acme/manual/pump", "part", lambda done, total: told.append((done, total)))

    assert part["planned"] == 2
    assert part["tallies"]["question"]["duplicates"] == 3
    assert all(done <= total for done, total in told)


def documented() -> list[str]:
    page = (Path(__file__).resolve().parents[3] / "docs" / "augmentation.md").read_text()
    return re.findall(r"^\$ \.venv/bin/slipway (.+)$", page, re.MULTILINE)


@pytest.mark.parametrize("command", documented())
def test_a_documented_command_works(target: Target, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """As it is written, but for the environment, which is this test's."""
    monkeypatch.setattr(augment, "find_target", lambda *_given, **_options: target)
    ingest(target, {"default/handbooks/pump.md": PUMP})
    result = CliRunner().invoke(app, shlex.split(command))

    assert result.exit_code == 0, result.output
    if "--json" in command:
        assert json.loads(result.stdout)["tallies"]["question"]["kept"] == 3
    else:
        assert "question: 3 asked = 3 kept + 0 rejected + 0 duplicates" in result.stdout


def test_a_prefix_without_a_tenant_is_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(app, ["augment", "handbooks"])
    assert isinstance(result.exception, UsageError)


@pytest.mark.parametrize(
    ("prefix", "run_id", "words"),
    [
        ("/", "no-tenant", r"FAILED\. .*prefix must begin with a tenant"),
        ("acme/manual/", "first", "cannot be named 'first'"),
    ],
)
def test_what_cannot_run_fails_by_its_reason(
    target: Target, report: dict[str, Any], prefix: str, run_id: str, words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        augment.run(target, prefix, run_id)
