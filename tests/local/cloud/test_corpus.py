"""A corpus by the document path, a Distributed Map and a Glue job in local Spark, policies enforced: the same bytes.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html,
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
"""

import json
from collections import Counter
from collections.abc import Iterator
from string import Template
from typing import Any

import pytest

from slipway_cli import corpus
from slipway_cli.errors import CommandError
from slipway_cli.target import Target
from slipway_runtime.corpus.storage import Bucket
from support.corpus import BAD, CARD, EMAIL, FORMATS, OFFICE, Case, mixed
from support.corpus_cloud import bucket, corpus_cloud, has_java, lines, upload
from support.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
needs_java = pytest.mark.skipif(not has_java(), reason="Spark needs Java 17, which is not here")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with corpus_cloud(tmp_path_factory.mktemp("corpus"), batch_documents=20) as there:
        yield there


@pytest.fixture(scope="module")
def cases(target: Target) -> list[Case]:
    """The objects of the raw bucket; none repeats another one."""
    made = mixed(90, office=4, bad=1)
    upload(target, made)
    return made


@pytest.fixture(scope="module")
def by_documents(target: Target, cases: list[Case]) -> list[bytes]:
    """What the ingesting function wrote into the curated bucket, object by object, as the events of S3 came."""
    curated, kept = bucket(target, "curated"), sum(not case.code for case in cases)
    assert wait_for(lambda: len(curated.keys("curated/")) == kept, seconds=400)
    found = [curated.read(key, 10**8) for key in curated.keys("curated/")]
    return sorted(one.data for one in found if one)


@pytest.fixture(scope="module")
def by_map(target: Target, cases: list[Case]) -> dict[str, Any]:
    return corpus.run(target, "map", prefix="", run_id="by-map")


@pytest.fixture(scope="module")
def by_spark(target: Target, cases: list[Case]) -> dict[str, Any]:
    return corpus.run(target, "spark", prefix="", run_id="by-spark")


def check_books(report: dict[str, Any], cases: list[Case]) -> None:
    assert report["in"] == len(cases) == report["out"] + report["duplicates"] + sum(report["rejects"].values())
    assert report["rejects"] == Counter(case.code for case in cases if case.code)


@pytest.mark.capability("D2")
@pytest.mark.capability("D3")
def test_the_corpus_has_every_format_and_its_rules_redact_and_filter(
    cases: list[Case], by_documents: list[bytes]
) -> None:
    found = [json.loads(line) for line in by_documents]
    plain = [one for one in found if one["path"].startswith("plain/") and one["tenant"] == "acme"]
    others = [one["text"] for one in found if one not in plain]

    assert {case.key.rpartition(".")[2] for case in cases if not case.code} == {*FORMATS, *OFFICE}
    assert sum("[EMAIL]" in text and "[CARD]" in text for text in others) > 10
    assert not any(EMAIL in text or CARD in text for text in others)
    assert any(EMAIL in one["text"] for one in plain)
    assert len({one["rules"] for one in found}) == 2
    assert {code for code, _ in BAD.values()} <= {case.code for case in cases}


@pytest.mark.capability("D8")
def test_a_distributed_map_writes_the_lines_of_the_document_path(
    target: Target, cases: list[Case], by_map: dict[str, Any], by_documents: list[bytes]
) -> None:
    check_books(by_map, cases)
    assert lines(target, "corpus", "by-map") == by_documents


@pytest.mark.capability("D8")
def test_every_reject_has_its_object_and_a_reason(target: Target, cases: list[Case], by_map: dict[str, Any]) -> None:
    found = [json.loads(line) for line in lines(target, "corpus-rejects", "by-map")]

    assert {row["key"]: row["code"] for row in found} == {case.key: case.code for case in cases if case.code}
    assert all(row["reason"] for row in found)


@pytest.mark.capability("D8")
def test_the_report_names_sources_and_the_rule_versions_of_their_documents(
    by_map: dict[str, Any], by_documents: list[bytes]
) -> None:
    found = [json.loads(line) for line in by_documents]
    sources = by_map["sources"]

    assert set(sources) == {"acme", "acme/plain", "globex", "(no tenant)"}
    assert sources["globex"]["rules"] == sorted({one["rules"] for one in found if one["tenant"] == "globex"})
    assert sources["acme/plain"]["rules"] != sources["acme"]["rules"] == sources["globex"]["rules"]
    assert by_map["changes"] == {name: sum(one["counts"].get(name, 0) for one in found) for name in by_map["changes"]}


def test_nothing_of_a_run_stays_staged(target: Target, by_map: dict[str, Any]) -> None:
    assert bucket(target, "curated").keys("corpus-staged/by-map/") == []


@needs_java
@pytest.mark.capability("D8")
def test_spark_writes_the_same_bytes(
    target: Target,
    cases: list[Case],
    by_map: dict[str, Any],
    by_spark: dict[str, Any],
    by_documents: list[bytes],
) -> None:
    check_books(by_spark, cases)
    assert {**by_spark, "run_id": ""} == {**by_map, "run_id": ""}
    for folder in ("corpus", "corpus-rejects"):
        assert lines(target, folder, "by-spark") == lines(target, folder, "by-map")
    assert lines(target, "corpus", "by-spark") == by_documents


@needs_java
@pytest.mark.capability("O14")
def test_the_job_run_is_shown_as_glue_shows_it(target: Target, by_spark: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/glue/latest/webapi/API_JobRun.html"""
    job = target.parameter("corpus/job-name")
    (run,) = target.client("glue").get_job_runs(JobName=job)["JobRuns"]

    assert run["JobRunState"] == "SUCCEEDED"
    assert run["Arguments"]["--run-id"] == "by-spark"
    logged = target.client("logs").get_log_events(logGroupName="/aws-glue/jobs/output", logStreamName=run["Id"])
    assert json.loads(logged["events"][-1]["message"]) == {"run_id": "by-spark", "published": True}


@pytest.mark.capability("D8")
def test_a_part_of_the_bucket(target: Target, cases: list[Case]) -> None:
    prefix = "globex/d1/"
    expected = sum(case.key.startswith(prefix) for case in cases)

    report = corpus.run(target, "map", prefix=prefix, run_id="part-1")
    written = lines(target, "corpus", "part-1")

    assert report["in"] == report["out"] == expected == len(written) > 0


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
    assert columns <= set(json.loads(found.data.splitlines()[0]))
    assert {"document_id", "language", "rules", "text"} < columns


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
