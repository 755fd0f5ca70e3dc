"""The platform under faults: throttled models, failing databases and a database asleep lose nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.command import Slipway

DOCUMENTS = 4


@pytest.fixture
def calm(slipway: Slipway, dev: dict[str, Any]) -> Iterator[None]:
    """Every fault is gone after the test."""
    yield
    slipway.json("local", "fault", "clear")


@pytest.fixture
def pages(tmp_path: Path, npm_docs: Path) -> Path:
    """A few pages of npm's manual, under a name that no other test uses."""
    folder = tmp_path / "pages"
    folder.mkdir()
    for number, file in enumerate(sorted((npm_docs / "configuring-npm").glob("*.md"))[:DOCUMENTS]):
        (folder / f"{number}.md").write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    return folder


def rename(pages: Path, name: str) -> Path:
    """The same pages in a folder of another name and with a sentence of their own: new documents."""
    folder = pages.with_name(name)
    folder.mkdir()
    for file in pages.iterdir():
        (folder / file.name).write_text(f"{file.read_text(encoding='utf-8')}\nThis is the copy {name}.\n")
    return folder


@pytest.mark.capability("O14")
def test_ingestion_survives_a_throttled_model_and_a_failing_database(slipway: Slipway, calm: None, pages: Path) -> None:
    throttled = ["--error", "ThrottlingException", "--rate", "0.3", "--seed", "11"]
    failing = ["--error", "DatabaseUnavailableException", "--rate", "0.1", "--seed", "12"]
    slipway.json("local", "fault", "add", "bedrock-runtime.InvokeModel", *throttled)
    slipway.json("local", "fault", "add", "rds-data.ExecuteStatement", *failing)
    slipway.json("local", "fault", "add", "rds-data.BatchExecuteStatement", *failing)

    report = slipway.json("ingest", rename(pages, "faulty"))
    assert (report["documents"], report["rejected"]) == (DOCUMENTS, [])
    listed = slipway.json("documents", "--prefix", "faulty/")
    assert {item["status"] for item in listed} == {"indexed"}
    assert sum(item["chunks"] for item in listed) == report["chunks"] > DOCUMENTS

    model, *databases = slipway.json("local", "fault", "list")
    assert model["hit"] > 0
    assert sum(one["seen"] for one in databases) > 0
    again = slipway.json("ingest", pages.with_name("faulty"))
    assert (again["duplicates"], again["chunks"]) == (DOCUMENTS, report["chunks"])


@pytest.mark.capability("O14")
def test_asking_and_ingesting_wake_a_database_that_sleeps(slipway: Slipway, calm: None, pages: Path) -> None:
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html
    assert slipway.json("ingest", rename(pages, "awake"))["documents"] == DOCUMENTS
    assert slipway.json("local", "database", "pause")["paused"]
    answer = slipway.json("ask", "What does package-lock.json describe?")
    assert answer["grounded"] is True

    slipway.json("local", "database", "pause", "--resume-seconds", "5")
    report = slipway.json("ingest", rename(pages, "woken"))
    assert (report["documents"], report["rejected"]) == (DOCUMENTS, [])


def test_a_fault_that_makes_no_sense_is_wrong_usage_in_words(slipway: Slipway, dev: dict[str, Any]) -> None:
    done = slipway.run("local", "fault", "add", "dynamodb.PutItm", "--error", "ThrottlingException")
    assert done.returncode == 2
    assert "did you mean PutItem" in done.stderr
    done = slipway.run("local", "fault", "add", "dynamodb.PutItem", "--latency", "soon")
    assert done.returncode == 2
    assert "500ms, 2s or 1m" in done.stderr


def test_faults_are_listed_for_people_too_and_cleared_one_by_one(slipway: Slipway, calm: None) -> None:
    added = slipway.json("local", "fault", "add", "s3.Get*", "--error", "SlowDown", "--rate", "0.2", "--latency", "2s")
    shown = slipway.run("local", "fault", "list").stdout
    assert f"{added['id']}  s3.Get*: SlowDown, 2 s late, for 20% of the calls; so far 0 of 0" in shown
    assert slipway.json("local", "fault", "clear", added["id"]) == {"cleared": 1}
    assert slipway.json("local", "fault", "list") == []
    done = slipway.run("local", "database", "pause", "no-such-cluster")
    assert done.returncode == 1
    assert "there is no DB cluster 'no-such-cluster'" in done.stderr
