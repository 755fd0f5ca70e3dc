"""Two hundred Markdown files, 1 MB: killing workers and PostgreSQL ten times in the middle changes nothing."""

import contextlib
import random
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from slipway_cli.target import Target
from support.command import BIN, ROOT, Slipway
from support.killing import function_workers, kill
from support.waiting import wait_for

pytestmark = pytest.mark.slow

COUNT = 200
BYTES = 1_000_000
KILLS = 10
TEXTS = 25  # the local embedding model remembers what it has seen, so copies test the platform and not the model


@pytest.fixture(scope="module")
def corpus(npm_docs: Path) -> list[str]:
    """The beginning of npm's manual, cut into documents of 5 kB, each under eight names: 200 documents, 1 MB."""
    text = "\n".join(file.read_text(encoding="utf-8") for file in sorted(npm_docs.rglob("*.md")))
    size = BYTES // COUNT
    texts = [text[number * size : (number + 1) * size] for number in range(TEXTS)]
    return texts * (COUNT // TEXTS)


def write(folder: Path, corpus: list[str]) -> Path:
    folder.mkdir()
    for number, text in enumerate(corpus):
        (folder / f"part-{number:03}.md").write_text(text, encoding="utf-8")
    return folder


def rows(target: Target, folder: str) -> list[Any]:
    """What the vector store holds of one folder: everything that must not depend on how ingestion went."""
    sql = (
        "SELECT substr(path, strpos(path, '/')), ordinal, md5(content), page, heading, start_offset, end_offset "
        "FROM slipway.chunks WHERE path LIKE :prefix"
    )
    found: list[Any] = []
    for digit in range(10):  # the Data API returns at most 1 MB at a time
        found += query(target, sql, f"{folder}/part-%{digit}.md")
    return sorted(found)


def query(target: Target, sql: str, prefix: str) -> list[list[Any]]:
    records = target.client("rds-data").execute_statement(
        resourceArn=target.parameter("retrieval/cluster-arn"),
        secretArn=target.parameter("retrieval/secret-arn"),
        database=target.parameter("retrieval/database-name"),
        sql=sql,
        parameters=[{"name": "prefix", "value": {"stringValue": prefix}}],
    )["records"]
    return [[next(iter(field.values())) for field in record] for record in records]


# Batches of other sizes round differently in the last digit, so vectors are compared by their distance.
APART = """
SELECT count(*) FROM slipway.chunks a JOIN slipway.chunks b
  ON substr(a.path, strpos(a.path, '/')) = substr(b.path, strpos(b.path, '/')) AND a.ordinal = b.ordinal
WHERE a.path LIKE 'calm/%' AND b.path LIKE :prefix AND a.embedding <=> b.embedding > 0.001
"""


def server(slipway: Slipway) -> list[psutil.Process]:
    """The postmaster of this local cloud's database, unless it is down at this moment."""
    for file in slipway.project.state("dev").glob("postgres/*/data/postmaster.pid"):
        with contextlib.suppress(psutil.NoSuchProcess, ValueError, IndexError):
            return [psutil.Process(int(file.read_text().split()[0]))]
    return []


def indexed(target: Target, folder: str) -> int:
    """How many documents of a folder are done; the table of documents is not in what is killed."""
    pages = (
        target.client("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=target.parameter("foundation/documents-table-name"))
    )
    current = [item for page in pages for item in page["Items"] if item["item"]["S"] == "current"]
    return sum(item["status"]["S"] == "indexed" and item["path"]["S"].startswith(f"{folder}/") for item in current)


@pytest.mark.timeout(900)
@pytest.mark.capability("D1")
@pytest.mark.capability("R1")
@pytest.mark.capability("O14")
def test_killing_workers_and_postgresql_ends_with_the_rows_of_an_undisturbed_run(
    slipway: Slipway, dev: dict[str, Any], target: Target, corpus: list[str], tmp_path: Path
) -> None:
    """Lambda may lose an environment at any moment, and Aurora its writer; SQS then delivers its messages again."""
    calm = slipway.json("ingest", write(tmp_path / "calm", corpus), "--timeout", "300")
    assert calm["documents"] == COUNT
    assert calm["rejected"] == []

    # Half an hour in the template, six times the function's timeout; the test cannot wait so long for redelivery.
    queue_url = target.parameter("ingestion/queue-url")
    before = target.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["VisibilityTimeout"])
    target.client("sqs").set_queue_attributes(QueueUrl=queue_url, Attributes={"VisibilityTimeout": "15"})
    folder = write(tmp_path / "disturbed", corpus)
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201  # pytest shows it when the test fails
    moments = sorted(random.Random(seed).sample(range(1, COUNT - 20), KILLS))
    victims_of = {"workers": lambda: function_workers(dev["endpoint_url"]), "database": lambda: server(slipway)}
    victims = random.Random(seed).sample(["workers", "database"] * (KILLS // 2), KILLS)
    command = [str(BIN / "slipway"), "ingest", str(folder), "--timeout", "500"]
    with subprocess.Popen(command, env=slipway.env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as run:
        for moment, victim in zip(moments, victims, strict=True):
            assert wait_for(lambda done=moment: indexed(target, "disturbed") >= done, seconds=300), (seed, moment)
            kill(victims_of[victim])
        while run.poll() is None:
            slipway.json("redrive")
            time.sleep(2)
        errors = run.stderr.read() if run.stderr else b""
    target.client("sqs").set_queue_attributes(QueueUrl=queue_url, Attributes=before["Attributes"])
    assert run.returncode == 0, (seed, errors.decode())
    assert rows(target, "disturbed") == rows(target, "calm"), seed
    assert len(rows(target, "calm")) == calm["chunks"]
    assert query(target, APART, "disturbed/%") == [[0]]
