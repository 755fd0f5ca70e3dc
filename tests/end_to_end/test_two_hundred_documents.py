"""Two hundred Markdown files, 1 MB: nothing is lost, and killing the worker in the middle changes nothing."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from slipway_cli.target import Target
from support.command import BIN, ROOT, Slipway
from support.waiting import wait_for

COUNT = 200
BYTES = 1_000_000
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


def function_workers(endpoint_url: str) -> list[psutil.Process]:
    """The processes in which this local cloud runs the ingestion function."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "environ"])
        if "slipway_runtime.handlers.ingest_document.handler" in (process.info["cmdline"] or [])
        and (process.info["environ"] or {}).get("AWS_ENDPOINT_URL") == endpoint_url
    ]


@pytest.mark.timeout(1500)
@pytest.mark.capability("D1")
@pytest.mark.capability("R1")
def test_killing_the_worker_ends_with_the_rows_of_an_undisturbed_run(
    slipway: Slipway, dev: dict[str, Any], target: Target, corpus: list[str], tmp_path: Path
) -> None:
    """Lambda may lose an environment at any moment; SQS then delivers its messages again."""
    calm = slipway.json("ingest", write(tmp_path / "calm", corpus), "--timeout", "300")
    assert calm["documents"] == COUNT
    assert calm["rejected"] == []

    # Half an hour in the template, six times the function's timeout; the test cannot wait so long for redelivery.
    queue_url = target.parameter("ingestion/queue-url")
    target.client("sqs").set_queue_attributes(QueueUrl=queue_url, Attributes={"VisibilityTimeout": "45"})
    folder = write(tmp_path / "disturbed", corpus)
    # A transaction that its worker left open keeps its locks until the Data API ends it, after three idle minutes.
    command = [str(BIN / "slipway"), "ingest", str(folder), "--timeout", "500"]
    with subprocess.Popen(command, env=slipway.env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as run:
        assert wait_for(lambda: len(slipway.json("documents", "--prefix", "disturbed/", "--status", "indexed")) > 20)
        killed = function_workers(dev["endpoint_url"])
        assert killed
        for process in killed:
            os.kill(process.pid, signal.SIGKILL)
        _, errors = run.communicate(timeout=700)
    assert run.returncode == 0, errors.decode()
    assert rows(target, "disturbed") == rows(target, "calm")
    assert len(rows(target, "calm")) == calm["chunks"]
    assert query(target, APART, "disturbed/%") == [[0]]
