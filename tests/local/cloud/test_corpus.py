"""A corpus through a Distributed Map and through a Glue job in local Spark, with policies enforced: the same bytes.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html,
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
"""

import json
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

import pytest

from slipway_cli import corpus
from slipway_cli.errors import CommandError
from slipway_cli.target import Target
from slipway_local import cloud
from slipway_local.functions.packages import Packages
from slipway_local.glue import runtime
from slipway_runtime.corpus.storage import Bucket
from slipway_runtime.prepare.curate import curate
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.rules.base import RuleSet
from stacks import application
from support.corpus import documents, rejects
from support.waiting import wait_for

CACHE = Path(__file__).resolve().parents[3] / ".slipway" / "cache"
SETTINGS = """
removal: destroy
termination_protection: false
ingestion:
  max_document_megabytes: 1
  corpus: {map: true, spark: glue, workers: 2, catalogue: true}
  streaming: {tenants: [acme]}
"""
spark_is_here = pytest.mark.skipif(
    not runtime.is_installed(Packages(CACHE)),
    reason=f"Spark is not installed; `make spark` does that (about {runtime.DOWNLOAD_MEGABYTES} MB)",
)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "config").mkdir()
    (folder / "config" / "trial.yaml").write_text(SETTINGS)
    assembly = application.build(folder / "config", outdir=str(folder / "out"), checked=False).synth()
    nested = Path(assembly.get_nested_assembly("assembly-Trial").directory)
    status = cloud.up(nested, folder / "state", environment="trial", cache=CACHE, enforce_iam=True)
    yield Target("trial", status.endpoint_url, None)
    cloud.down(folder / "state")


@pytest.fixture(scope="module")
def raw(target: Target) -> dict[str, bytes]:
    """The objects of the raw bucket."""
    objects = documents(50) | {key: data for key, (data, _) in rejects().items()}
    s3 = target.client("s3")
    for key, data in objects.items():
        s3.put_object(Bucket=target.parameter("foundation/raw-bucket-name"), Key=key, Body=data)
    return objects


@pytest.fixture(scope="module")
def by_map(target: Target, raw: dict[str, bytes]) -> dict[str, Any]:
    return corpus.run(target, "map", prefix="", run_id="by-map")


@pytest.fixture(scope="module")
def by_spark(target: Target, raw: dict[str, bytes]) -> dict[str, Any]:
    return corpus.run(target, "spark", prefix="", run_id="by-spark")


def lines(target: Target, folder: str, run_id: str) -> list[bytes]:
    """Return the lines that a run wrote, sorted: how they are divided among objects is the engine's affair."""
    bucket = Bucket(client=target.client("s3"), name=target.parameter("foundation/curated-bucket-name"))
    keys = [key for key in bucket.keys(f"{folder}/") if f"/run={run_id}/" in key]
    found = [bucket.read(key, 10**8) for key in keys]
    return sorted(line for one in found if one for line in one.data.splitlines(keepends=True))


def of_document_path(target: Target, raw: dict[str, bytes]) -> list[bytes]:
    """Return the curated lines of the objects by the function that the document path calls for each of them."""
    bucket = Bucket(client=target.client("s3"), name=target.parameter("foundation/raw-bucket-name"))
    made = []
    for key in raw:
        try:
            found = bucket.read(key, 1_000_000)
            assert found
            made.append(curate(found, RuleSet()).line())
        except Rejected:
            continue
    return sorted(made)


def check_books(report: dict[str, Any], raw: dict[str, bytes]) -> None:
    codes = [code for _, code in rejects().values()]
    assert report["in"] == len(raw) == report["out"] + report["duplicates"] + sum(report["rejects"].values())
    assert report["rejects"] == {code: codes.count(code) for code in codes}


@pytest.mark.capability("D8")
def test_a_distributed_map_writes_the_lines_of_the_document_path(
    target: Target, raw: dict[str, bytes], by_map: dict[str, Any]
) -> None:
    check_books(by_map, raw)
    assert lines(target, "corpus", "by-map") == of_document_path(target, raw)


@pytest.mark.capability("D8")
def test_every_reject_has_its_object_and_a_reason(target: Target, by_map: dict[str, Any]) -> None:
    found = [json.loads(line) for line in lines(target, "corpus-rejects", "by-map")]

    assert {row["key"]: row["code"] for row in found} == {key: code for key, (_, code) in rejects().items()}
    assert all(row["reason"] for row in found)


@spark_is_here
@pytest.mark.capability("D8")
@pytest.mark.timeout(600)
def test_spark_writes_the_same_bytes(
    target: Target, raw: dict[str, bytes], by_map: dict[str, Any], by_spark: dict[str, Any]
) -> None:
    check_books(by_spark, raw)
    assert {**by_spark, "run_id": ""} == {**by_map, "run_id": ""}
    for folder in ("corpus", "corpus-rejects"):
        assert lines(target, folder, "by-spark") == lines(target, folder, "by-map")
    assert lines(target, "corpus", "by-spark") == of_document_path(target, raw)


@spark_is_here
@pytest.mark.capability("O14")
@pytest.mark.timeout(600)
def test_the_job_run_is_shown_as_glue_shows_it(target: Target, by_spark: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/glue/latest/webapi/API_JobRun.html"""
    job = target.parameter("corpus/job-name")
    (run,) = target.client("glue").get_job_runs(JobName=job)["JobRuns"]

    assert run["JobRunState"] == "SUCCEEDED"
    assert run["Arguments"]["--run-id"] == "by-spark"
    logged = target.client("logs").get_log_events(logGroupName="/aws-glue/jobs/output", logStreamName=run["Id"])
    assert json.loads(logged["events"][-1]["message"])["run_id"] == "by-spark"


@pytest.mark.capability("D8")
def test_a_part_of_the_bucket_and_a_second_time(target: Target, raw: dict[str, bytes]) -> None:
    prefix = "globex/1/"
    expected = sum(key.startswith(prefix) for key in raw)

    report = corpus.run(target, "map", prefix=prefix, run_id="part-1")
    before = lines(target, "corpus", "part-1")

    assert report["in"] == report["out"] == expected == len(before) > 0


@pytest.mark.capability("D12")
def test_the_catalogue_says_where_the_lines_of_a_run_are(target: Target, by_map: dict[str, Any]) -> None:
    """Athena reads a partition where `storage.location.template` puts it, and columns by the names in the lines.

    https://docs.aws.amazon.com/athena/latest/ug/partition-projection-setting-up.html
    """
    table = target.client("glue").get_table(DatabaseName="slipway_trial", Name="documents")["Table"]
    partition = {"source": "acme", "date": by_map["date"], "run": "by-map"}
    where = Template(table["Parameters"]["storage.location.template"]).substitute(partition)
    bucket, _, prefix = where.removeprefix("s3://").partition("/")
    s3 = Bucket(client=target.client("s3"), name=bucket)
    (key,) = s3.keys(prefix)[:1]
    found = s3.read(key, 10**8)

    assert [one["Name"] for one in table["PartitionKeys"]] == list(partition)
    assert found
    columns = {column["Name"] for column in table["StorageDescriptor"]["Columns"]}
    assert columns < set(json.loads(found.data.splitlines()[0]))


@pytest.mark.capability("D9")
def test_what_a_stream_gathers_is_a_document_of_its_tenant(target: Target) -> None:
    firehose, s3 = target.client("firehose"), target.client("s3")
    stream, bucket = target.parameter("ingestion/stream-acme"), target.parameter("foundation/raw-bucket-name")
    record = b'{"text": "' + b"The pump is serviced every week. " * 20_000 + b'"}'

    for _ in range(8):  # 5 MiB are delivered at once
        firehose.put_record(DeliveryStreamName=stream, Record={"Data": record})
    raw = Bucket(client=s3, name=bucket)
    assert wait_for(lambda: raw.keys("acme/stream/"))
    (key,) = raw.keys("acme/stream/")

    assert key.endswith(".jsonl")
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    assert body == (record + b"\n") * 8
    s3.delete_object(Bucket=bucket, Key=key)


def test_an_engine_that_is_not_there_fails_by_its_name(target: Target) -> None:
    with pytest.raises(CommandError, match=r"EngineIsOff.*environment file"):
        corpus.run(target, "abacus", prefix="", run_id="none")
